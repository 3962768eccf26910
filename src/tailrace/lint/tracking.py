"""``continue-on-error``, and the issue that says until when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.node import Entry, Scalar
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Document

_KEY = "continue-on-error"
_FALSE = ("false", "", "no", "off")
_ADDRESS = re.compile(r"https?://[^\s/]+/\S+/(?:issues|pulls?|-/issues|-/merge_requests)/[0-9]+")
_TRACKED = re.compile(r"tracked:\s*((?:#[0-9]{1,9}[ ,]*)+)")


def softened(tree: Tree) -> Iterator[tuple[Document, Entry]]:
    """Every ``continue-on-error`` that is not false, of jobs and of steps."""
    for workflow in tree.active():
        for job in workflow.jobs:
            entry = job.node.entry(_KEY)
            if entry is not None and is_true(entry.value):
                yield workflow, entry
    for document, step in tree.all_steps():
        entry = step.node.entry(_KEY)
        if entry is not None and is_true(entry.value):
            yield document, entry


def is_true(value: object) -> bool:
    """Whether it takes effect, or may: an expression can be true."""
    return isinstance(value, Scalar) and value.value.strip().lower() not in (
        "false",
        "",
        "no",
        "off",
    )


def names_an_issue(document: Document, entry: Entry) -> bool:
    """Whether that comment has the address of an issue, which may be another forge's."""
    return _ADDRESS.search(document.comment_on(entry.key.start.line)) is not None


def tracked(document: Document, entry: Entry) -> tuple[int, ...]:
    """The issues that a comment on its line, or on the one before, names."""
    found = _TRACKED.search(document.comment_on(entry.key.start.line))
    return () if found is None else tuple(int(n) for n in re.findall(r"[0-9]+", found[1]))
