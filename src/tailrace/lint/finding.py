"""What a rule says of a place in a file."""

from __future__ import annotations

from dataclasses import dataclass, field

from tailrace.lint.node import Node, Position
from tailrace.settings import Severity

__all__ = ["Edit", "Finding", "NotChecked", "Severity", "at"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text between two offsets (code points) by another."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the next step."""

    rule: str
    path: str
    start: Position
    end: Position
    #: The fact, in one line.
    message: str
    #: What to do about it, in one line.
    step: str
    severity: Severity = Severity.ERROR
    #: Safe edits that take it away; empty where a person has to decide.
    edits: tuple[Edit, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A rule that could not be applied, and why: never the same as passed."""

    rule: str
    reason: str


def at(rule: str, path: str, node: Node, message: str, step: str, *edits: Edit) -> Finding:
    """A finding at a node. Its severity is set by the engine."""
    end = node.end if node.end > node.start else Position(node.start.line, node.start.column + 1)
    return Finding(rule, path, node.start, end, message, step, edits=edits)
