"""Trees out of a rule's examples."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tailrace.fleet.file import read_fleet
from tailrace.lint.rule import Example
from tailrace.lint.target import parse_target
from tailrace.lint.tree import AddedLine, Tree, read_files
from tailrace.lint.workflow import Workflow


def _workflows(files: Mapping[str, str]) -> tuple[Workflow, ...]:
    return read_files({path: text.encode() for path, text in files.items()}).workflows


def tree_of(example: Example) -> Tree:
    """The tree that an example describes."""
    target = parse_target(example.target)
    files = read_files({path: text.encode() for path, text in example.files.items()})
    fleet = None
    if example.fleet is not None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "tailrace.toml"
            file.write_text(example.fleet)
            fleet = read_fleet(file)
    added = None
    if example.added is not None:
        numbers = Counter[str]()
        lines = []
        for path, text in example.added:
            numbers[path] += 1
            lines.append(AddedLine(path, numbers[path], text))
        added = tuple(lines)
    return Tree(
        target=target,
        workflows=files.workflows,
        actions=files.actions,
        broken=files.broken,
        settings=example.settings,
        facts=example.facts,
        fleet=fleet,
        manifest=example.manifest,
        added=added,
        before=None if example.before is None else _workflows(example.before),
        touched=None if added is None else tuple(sorted({line.path for line in added})),
    )
