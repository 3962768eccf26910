"""A YAML document as a tree in which every key and value knows where it stands.

Built from libyaml's events (PyYAML's C loader), because loading loses positions, duplicate keys and
anchors. Hostile input ends with `Unreadable`: deep nesting, too many nodes, bad UTF-8, tabs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import yaml

from tailrace.lint.marks import in_lines, marks

#: Larger files are no workflows; Gitea itself refuses less.
MOST_BYTES = 1024 * 1024
_DEEPEST = 100
#: Characters of what is likely to stand in many files.
_SHORT = 40
_MOST_NODES = 200_000
_MERGE = "<<"


class Position(NamedTuple):
    """A place in a file: line and column from 1, in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value, as text; what YAML would make of it is not decided here."""

    value: str
    start: Position
    end: Position
    #: ``|`` and ``>`` texts; their first line of content is the one after ``start``.
    is_block: bool = False
    is_quoted: bool = False
    #: Offsets in the decoded text, for edits.
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    start: Position
    end: Position
    span: tuple[int, int] = (0, 0)


class Entry(NamedTuple):
    """One key of a mapping, and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Keys and values, in the file's order; a key may stand there twice."""

    entries: tuple[Entry, ...]
    start: Position
    end: Position
    span: tuple[int, int] = (0, 0)
    #: The last entry of each key, which is the one that readers take.
    last: dict[str, Entry] = field(default_factory=dict)

    def entry(self, key: str) -> Entry | None:
        """The last entry of that key, which is the one that readers take."""
        return self.last.get(key)

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        found = self.entry(key)
        return None if found is None else found.value

    def text(self, key: str) -> Scalar | None:
        """The value of a key, where it is a single value."""
        found = self.get(key)
        return found if isinstance(found, Scalar) else None

    def mapping(self, key: str) -> Mapping | None:
        """The value of a key, where it is a mapping."""
        found = self.get(key)
        return found if isinstance(found, Mapping) else None

    def duplicates(self) -> Iterator[Entry]:
        """Every entry whose key stood there before."""
        seen: set[str] = set()
        for entry in self.entries:
            if entry.key.value in seen:
                yield entry
            seen.add(entry.key.value)


Node: TypeAlias = Scalar | Sequence | Mapping


_START = Position(1, 1)


class Unreadable(Exception):
    """A file that is no YAML document that can be judged."""

    def __init__(self, fact: str, at: Position = _START) -> None:
        super().__init__(fact)
        self.fact = fact
        self.at = at


@dataclass(slots=True)
class _Building:
    anchors: dict[str, Node] = field(default_factory=dict)
    #: How many values each anchor stands for, those of aliases in it included.
    weights: dict[str, int] = field(default_factory=dict)
    #: How many values there are with every alias written out.
    count: int = 0


def parse(data: bytes) -> Node | None:
    """The document in ``data``; None for one that is empty. Raises `Unreadable`."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"has more than {MOST_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable("is not UTF-8", Position(line, 1)) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Unreadable("has a NUL character", Position(line, 1))
    events = _events(text)
    found: list[Node] = []
    building = _Building()
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if found:
                raise Unreadable("has more than one document", _start(event))
            node = _node(next(events), events, building, 0)
            found.append(node)
    return found[0] if found else None


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        found = yaml.parse(text, Loader=yaml.CSafeLoader)
        yield from in_lines(found, text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = _START if mark is None else _position(marks(text)(mark))
        said = str(getattr(error, "problem", "") or "cannot be read")
        raise Unreadable(f"is not YAML: {said[:120]}", at) from error
    except ValueError as error:
        raise Unreadable("is not YAML") from error


def _node(event: yaml.Event, events: Iterator[yaml.Event], building: _Building, depth: int) -> Node:
    before = building.count
    alias = event.anchor if isinstance(event, yaml.AliasEvent) else None
    # As go-yaml does: what is small in the file may be endless once aliases are written out.
    building.count += 1 if alias is None else building.weights.get(alias, 1)
    if building.count > _MOST_NODES:
        raise Unreadable(f"has more than {_MOST_NODES:,} values with its aliases", _start(event))
    if depth > _DEEPEST:
        raise Unreadable(f"is nested more than {_DEEPEST} deep", _start(event))
    if isinstance(event, yaml.AliasEvent):
        name = event.anchor or ""
        found = building.anchors.get(name)
        if found is None:
            raise Unreadable(f"has an alias without its anchor: {name[:60]}", _start(event))
        return found
    made: Node
    if isinstance(event, yaml.ScalarEvent):
        value = event.value
        made = Scalar(
            # A thousand workflows say `runs-on` in one string.
            sys.intern(value) if len(value) <= _SHORT else value,
            _start(event),
            _end(event),
            is_block=event.style in ("|", ">"),
            is_quoted=event.style in ("'", '"'),
            span=_span(event, event),
        )
    elif isinstance(event, yaml.SequenceStartEvent):
        made = _sequence(event, events, building, depth)
    elif isinstance(event, yaml.MappingStartEvent):
        made = _mapping(event, events, building, depth)
    else:
        raise Unreadable("is no YAML document", _start(event))
    anchor = getattr(event, "anchor", None)
    if anchor is not None:
        building.anchors[anchor] = made
        building.weights[anchor] = building.count - before
    return made


def _sequence(
    first: yaml.Event, events: Iterator[yaml.Event], building: _Building, depth: int
) -> Sequence:
    items: list[Node] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return Sequence(tuple(items), _start(first), _end(event), _span(first, event))
        items.append(_node(event, events, building, depth + 1))
    raise Unreadable("ends in the middle", _start(first))


def _mapping(
    first: yaml.Event, events: Iterator[yaml.Event], building: _Building, depth: int
) -> Mapping:
    entries: list[Entry] = []
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            last = {entry.key.value: entry for entry in entries}
            if _MERGE in last:
                entries = _merged(entries)
                last = {entry.key.value: entry for entry in entries}
            return Mapping(tuple(entries), _start(first), _end(event), _span(first, event), last)
        key = _node(event, events, building, depth + 1)
        value = _node(next(events), events, building, depth + 1)
        if not isinstance(key, Scalar):
            raise Unreadable("has a key that is no text", _start(event))
        entries.append(Entry(key, value))
    raise Unreadable("ends in the middle", _start(first))


def _merged(entries: list[Entry]) -> list[Entry]:
    """The entries with those that ``<<`` takes from others, as go-yaml reads them."""
    own = [entry for entry in entries if entry.key.value != _MERGE or entry.key.is_quoted]
    found = {entry.key.value for entry in own}
    for entry in entries:
        if entry.key.value != _MERGE or entry.key.is_quoted:
            continue
        parts = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        for part in parts:
            more = part.last.values() if isinstance(part, Mapping) else ()
            own += [one for one in more if one.key.value not in found]
            found |= {one.key.value for one in more}
    return own


def _start(event: yaml.Event) -> Position:
    return _position(event.start_mark)


def _end(event: yaml.Event) -> Position:
    return _position(event.end_mark)


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _span(first: Any, last: Any) -> tuple[int, int]:
    return first.start_mark.index, last.end_mark.index


def scalars(node: Node) -> Iterator[Scalar]:
    """Every value below a node (no keys), each once however often aliases name it."""
    seen: set[int] = set()
    pending: list[Node] = [node]
    while pending:
        here = pending.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, Scalar):
            yield here
        elif isinstance(here, Sequence):
            pending.extend(reversed(here.items))
        else:
            pending.extend(entry.value for entry in reversed(here.entries))


def mappings(node: Node) -> Iterator[Mapping]:
    """Every mapping below a node, itself included, each once."""
    seen: set[int] = set()
    pending: list[Node] = [node]
    while pending:
        here = pending.pop()
        if id(here) in seen or isinstance(here, Scalar):
            continue
        seen.add(id(here))
        if isinstance(here, Sequence):
            pending.extend(reversed(here.items))
        else:
            yield here
            pending.extend(entry.value for entry in reversed(here.entries))


def texts(node: Node | None) -> tuple[Scalar, ...]:
    """A value or a list of values, as the values: what ``needs:`` and ``runs-on:`` may be."""
    if isinstance(node, Scalar):
        return (node,)
    if isinstance(node, Sequence):
        return tuple(item for item in node.items if isinstance(item, Scalar))
    return ()


def is_null(scalar: Scalar) -> bool:
    """Whether YAML reads nothing in it: ``key:``, ``~``, ``null``."""
    plain = not scalar.is_quoted and not scalar.is_block
    return plain and scalar.value in ("", "~", "null", "Null", "NULL")
