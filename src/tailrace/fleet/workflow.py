"""The list that a publishing workflow carries inline: the third place that can disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tailrace.errors import ConfigurationError
from tailrace.fleet.bounded import read_bounded

_LIMIT = 1024 * 1024
_DEEPEST = 100
#: Values in one workflow; with aliases a small file can claim to have very many.
_MOST_NODES = 50_000


class WorkflowListError(ConfigurationError):
    """A workflow whose inline list cannot be read; never taken for an empty list."""


class _TooDeepError(Exception):
    """Nesting that the C loader, which recurses, would not survive."""


class _TooManyError(Exception):
    """Aliases that unfold without end."""


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
    source = read_bounded(file, _LIMIT)
    try:
        _check_depth(source)
        loaded = yaml.load(source, Loader=yaml.CSafeLoader)
        found = list(_lists(loaded, variable, [0]))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = min(mark.line, source.count(b"\n")) + 1 if mark is not None else 1
        raise WorkflowListError(f"{file}:{line}: is not YAML") from error
    except (RecursionError, _TooDeepError) as error:
        raise WorkflowListError(f"{file}: is nested too deeply") from error
    except ValueError as error:
        raise WorkflowListError(f"{file}: has a value that YAML cannot read") from error
    except _TooManyError as error:
        raise WorkflowListError(f"{file}: has more than {_MOST_NODES:,} values") from error
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
    return WorkflowList(str(file), variable, tuple(first))


def _check_depth(source: bytes) -> None:
    depth = 0
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _TooDeepError


def _lists(node: Any, variable: str, seen: list[int]) -> Iterator[list[str]]:
    seen[0] += 1
    if seen[0] > _MOST_NODES:
        raise _TooManyError
    if isinstance(node, dict):
        for key, value in node.items():
            if key == variable and isinstance(value, str):
                yield value.split()
            elif key == variable and isinstance(value, list):
                yield [str(item) for item in value]
            else:
                yield from _lists(value, variable, seen)
    elif isinstance(node, list):
        for value in node:
            yield from _lists(value, variable, seen)
    elif isinstance(node, str):
        assignment = rf"""^[ \t]*(?:export[ \t]+)?{re.escape(variable)}=(["'])(.*?)\1"""
        for match in re.finditer(assignment, node, re.MULTILINE | re.DOTALL):
            yield match.group(2).replace("\\\n", " ").split()
