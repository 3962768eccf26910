"""The pin at a key of a YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tailrace.pins.keys import BOM, decoded, index, parse, shown
from tailrace.pins.places import Place, Unreadable

_DEEPEST = 60


def check_key(key: str | None) -> None:
    """Raises ValueError where ``key`` is not a dotted path."""
    parse(key)


def places(content: bytes, key: str, package: str) -> list[Place]:
    """The text of the scalar at ``key``, without its quotes; a plain 1.2 is text too.

    The positions are those of libyaml's events, which show anchors, aliases and tags as well.
    Raises `Unreadable` where there is none, or one that cannot be replaced safely.
    """
    text, offsets = decoded(content)
    node: _Node | None = _tree(content.removeprefix(BOM))
    short = shown(key, 40)
    for part in parse(key):
        node = _child(node, part, short) if node is not None else None
        if node is None:
            raise Unreadable(f"has no {short}")
        if node.kind == "alias":
            raise Unreadable(f"has an alias on the way to {short}; write it out")
        if node.event.anchor is not None:
            raise Unreadable(f"has an anchor on the way to {short}; remove it")
        if node.event.tag is not None:
            raise Unreadable(f"has a tag on the way to {short}; remove it")
    if node is None or node.kind != "scalar":
        raise Unreadable(f"has no single value at {short}")
    if node.event.style in ("|", ">"):
        raise Unreadable(f"has a block at {short}; put the version on the line")
    # libyaml counts characters, and not the BOM at the start.
    start, end = node.event.start_mark.index, node.event.end_mark.index
    if node.event.style in ("'", '"'):
        start, end = start + 1, end - 1
    elif start == end:
        raise Unreadable(f"has no value at {short}")
    if text[start:end] != node.event.value:
        raise Unreadable(f"has escapes or several lines at {short}; write it out")
    return [Place(offsets[start], offsets[end], text[start:end])]


@dataclass(slots=True)
class _Node:
    """A scalar, an alias, a list, or a map of which the children are key, value, key, value."""

    kind: str
    event: Any
    children: list[_Node] = field(default_factory=list)


def _child(node: _Node, part: str, short: str) -> _Node | None:
    """The value at one part of the key."""
    if node.kind == "list":
        number = index(part)
        fits = number is not None and number < len(node.children)
        return node.children[number] if fits and number is not None else None
    if node.kind != "map":
        return None
    keys = node.children[::2]
    if any(each.kind == "alias" for each in keys):
        raise Unreadable(f"has an alias as a key on the way to {short}")
    found = [
        value
        for each, value in zip(keys, node.children[1::2], strict=True)
        if each.kind == "scalar" and each.event.value == part
    ]
    if len(found) > 1:
        raise Unreadable(f"has {shown(part, 20)} of {short} twice; remove one")
    return found[0] if found else None


def _tree(body: bytes) -> _Node:
    """The only document, from the event stream: no loader recurses into hostile nesting."""
    import yaml

    top: list[_Node] = []
    stack: list[list[_Node]] = [top]
    anchors: set[str] = set()
    try:
        event: Any
        for event in yaml.parse(body, Loader=yaml.CSafeLoader):
            kind = _KINDS.get(type(event).__name__)
            if isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
            if kind is None:
                continue
            node = _Node(kind, event)
            if kind == "alias" and event.anchor not in anchors:
                raise Unreadable("is not YAML: it has an alias without an anchor")
            if kind != "alias" and event.anchor is not None:
                anchors.add(event.anchor)
            stack[-1].append(node)
            if kind in ("map", "list"):
                stack.append(node.children)
            if len(stack) > _DEEPEST:
                raise Unreadable("is nested too deeply")
    except yaml.YAMLError as error:
        raise Unreadable("is not YAML") from error
    if len(top) != 1:
        raise Unreadable("has no YAML in it" if not top else "has more than one YAML document")
    return top[0]


_KINDS = {
    "ScalarEvent": "scalar",
    "AliasEvent": "alias",
    "SequenceStartEvent": "list",
    "MappingStartEvent": "map",
}
