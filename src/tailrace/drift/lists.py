"""The list that a publishing workflow carries inline: the third place that can disagree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import ConfigurationError
from tailrace.fleet.bounded import read_bounded
from tailrace.lint.lists import inline_lists
from tailrace.lint.node import MOST_BYTES, Unreadable
from tailrace.lint.workflow import read_workflow


class WorkflowListError(ConfigurationError):
    """A workflow whose inline list cannot be read; never taken for an empty list."""


@dataclass(frozen=True, slots=True)
class WorkflowList:
    """The short names in a publishing workflow's list."""

    file: str
    variable: str
    names: tuple[str, ...]


def read_workflow_list(file: Path, variable: str = "TEMPLATES") -> WorkflowList:
    """The list in ``file``: ``TEMPLATES="a b"`` in a script or ``env``, or a YAML sequence.

    Raises `WorkflowListError` where there is none, or where two of them differ.
    """
    try:
        workflow = read_workflow(str(file), read_bounded(file, MOST_BYTES))
    except Unreadable as error:
        raise WorkflowListError(f"{file}:{error.at.line}: {error.fact}") from error
    found = [one.names for one in inline_lists(workflow, variable)]
    if not found:
        raise WorkflowListError(
            f"{file}: has no list {variable}"
            f'\n  next: name the variable with --workflow-list, as in {variable}="a b c"'
        )
    first = found[0]
    if any(set(other) != set(first) for other in found):
        raise WorkflowListError(f"{file}: has two lists {variable} that differ")
    doubled = sorted({name for name in first if first.count(name) > 1})
    if doubled:
        raise WorkflowListError(f"{file}: {variable} has {doubled[0]!a} twice")
    return WorkflowList(str(file), variable, first)
