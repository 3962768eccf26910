"""A workflow, as far as rules ask: events, jobs, steps, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tailrace.lint.node import (
    Entry,
    Mapping,
    Node,
    Position,
    Scalar,
    Sequence,
    Unreadable,
    parse,
    texts,
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event that starts a workflow."""

    name: Scalar
    #: Its filters; None where there are none.
    filters: Mapping | None


@dataclass(frozen=True)
class Step:
    """One step of a job."""

    node: Mapping

    @property
    def uses(self) -> Scalar | None:
        return self.node.text("uses")

    @property
    def run(self) -> Scalar | None:
        return self.node.text("run")

    @property
    def env(self) -> Mapping | None:
        return self.node.mapping("env")

    @property
    def inputs(self) -> Mapping | None:
        """What ``with:`` has."""
        return self.node.mapping("with")


@dataclass(frozen=True)
class Job:
    """One job."""

    id: Scalar
    node: Mapping

    @property
    def name(self) -> Scalar | None:
        return self.node.text("name")

    @property
    def shown_name(self) -> str:
        """What a status context calls it: its name, else its id."""
        return self.name.value if self.name is not None and self.name.value else self.id.value

    @property
    def needs(self) -> tuple[Scalar, ...]:
        return texts(self.node.get("needs"))

    @property
    def condition(self) -> Scalar | None:
        return self.node.text("if")

    @property
    def runs_on(self) -> Node | None:
        return self.node.get("runs-on")

    @property
    def uses(self) -> Scalar | None:
        """A reusable workflow."""
        return self.node.text("uses")

    @property
    def matrix(self) -> Node | None:
        strategy = self.node.mapping("strategy")
        return None if strategy is None else strategy.get("matrix")

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return _steps(self.node)


def _steps(node: Mapping) -> tuple[Step, ...]:
    found = node.get("steps")
    items = found.items if isinstance(found, Sequence) else ()
    return tuple(Step(item) for item in items if isinstance(item, Mapping))


@dataclass(frozen=True)
class Document:
    """A file that was read: what workflows and composite actions have in common."""

    path: str
    text: str
    root: Mapping

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return tuple(self.text.split("\n"))

    def comment_on(self, line: int) -> str:
        """The comment at the end of a line, or on the line before it alone; without the ``#``."""
        found = []
        for number in (line - 1, line):
            text = self.lines[number - 1] if 0 < number <= len(self.lines) else ""
            code, mark, comment = text.partition("#")
            if mark and (number == line or not code.strip()):
                found.append(comment.strip())
        return " ".join(found)


@dataclass(frozen=True)
class Action(Document):
    """A composite action: ``action.yml`` with steps of its own."""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        runs = self.root.mapping("runs")
        return () if runs is None else _steps(runs)


@dataclass(frozen=True)
class Workflow(Document):
    """One file that a forge would read as a workflow."""

    @property
    def name(self) -> Scalar | None:
        return self.root.text("name")

    @property
    def shown_name(self) -> str:
        """What a status context calls it: its name, else its file's."""
        return self.name.value if self.name is not None and self.name.value else self.file_name

    @property
    def env(self) -> Mapping | None:
        return self.root.mapping("env")

    @cached_property
    def events(self) -> tuple[Event, ...]:
        # YAML 1.1 reads the key `on` as a boolean; the text is what counts here.
        node = self.root.get("on")
        if isinstance(node, Mapping):
            return tuple(
                Event(entry.key, entry.value if isinstance(entry.value, Mapping) else None)
                for entry in node.entries
            )
        return tuple(Event(scalar, None) for scalar in texts(node))

    def event(self, name: str) -> Event | None:
        return next((event for event in self.events if event.name.value == name), None)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        node = self.root.mapping("jobs")
        entries: tuple[Entry, ...] = () if node is None else node.entries
        return tuple(
            Job(entry.key, entry.value) for entry in entries if isinstance(entry.value, Mapping)
        )

    def job(self, name: str) -> Job | None:
        return next((job for job in self.jobs if job.id.value == name), None)

    def steps(self) -> Iterator[tuple[Job, Step]]:
        """Every step, with its job."""
        for job in self.jobs:
            for step in job.steps:
                yield job, step


def place_in(scalar: Scalar, offset: int) -> Position:
    """Where the character ``offset`` of a value stands in the file, to its line."""
    before = scalar.value[:offset]
    line = before.count("\n")
    if scalar.is_block:
        return Position(scalar.start.line + 1 + line, 1)
    if line:
        return Position(min(scalar.start.line + line, scalar.end.line), 1)
    return Position(
        scalar.start.line, scalar.start.column + (offset if not scalar.is_quoted else offset + 1)
    )


def read_workflow(path: str, data: bytes) -> Workflow:
    """The workflow in a file. Raises `node.Unreadable`."""
    root = parse(data)
    if not isinstance(root, Mapping):
        raise Unreadable("is no workflow: a mapping with `on` and `jobs` is expected")
    return Workflow(path, data.decode("utf-8-sig"), root)


def read_action(path: str, data: bytes) -> Action:
    """The action in a file. Raises `node.Unreadable`."""
    root = parse(data)
    if not isinstance(root, Mapping):
        raise Unreadable("is no action: a mapping with `runs` is expected")
    return Action(path, data.decode("utf-8-sig"), root)
