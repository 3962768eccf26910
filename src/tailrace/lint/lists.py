"""The list of a fleet that a publishing workflow carries inline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tailrace.lint.node import Node, Scalar, Sequence, mappings, scalars, texts
from tailrace.lint.scripts import span_in
from tailrace.lint.workflow import Workflow


@dataclass(frozen=True)
class InlineList:
    """A workflow's list: where it stands, and its names."""

    path: str
    node: Node
    names: tuple[str, ...]


def inline_lists(workflow: Workflow, variable: str) -> Iterator[InlineList]:
    """Every list of that name: a value, a sequence, ``TEMPLATES="a b"`` in a script.

    One that a variable or an expression gives is not known here, and left out.
    """
    values: set[int] = set()
    for mapping in mappings(workflow.root):
        for entry in mapping.entries:
            if entry.key.value != variable:
                continue
            values.add(id(entry.value))
            if isinstance(entry.value, Scalar) and "${{" not in entry.value.value:
                yield InlineList(workflow.path, entry.key, tuple(entry.value.value.split()))
            elif isinstance(entry.value, Sequence):
                names = tuple(item.value for item in texts(entry.value))
                yield InlineList(workflow.path, entry.key, names)
    assignment = re.compile(
        rf"""^[ \t]*(?:export[ \t]+)?{re.escape(variable)}=(["'])(.*?)\1""",
        re.MULTILINE | re.DOTALL,
    )
    for scalar in scalars(workflow.root):
        for match in assignment.finditer(scalar.value) if id(scalar) not in values else ():
            text = match.group(2).replace("\\\n", " ")
            if "$" not in text:
                place = Scalar(text, *span_in(workflow, scalar, match.start()))
                yield InlineList(workflow.path, place, tuple(text.split()))
