"""What `tailrace init` writes is clean under every rule, for every forge that it is written for."""

from __future__ import annotations

import pytest
from tests.workflows.test_render import ALL

from tailrace.lint.engine import lint
from tailrace.lint.rules import all_rules
from tailrace.lint.target import parse_target
from tailrace.lint.tree import Tree, read_files

TARGETS = {
    ".gitea": ("gitea@1.22.6", "gitea@1.24", "gitea@1.27"),
    ".forgejo": ("forgejo@7", "forgejo@11"),
    ".github": ("github",),
}


@pytest.mark.parametrize(
    ("folder", "target"),
    [(folder, target) for folder, found in TARGETS.items() for target in found],
)
def test_generated_workflows_are_clean(folder: str, target: str) -> None:
    chosen = {one.path: one.text.encode() for one in ALL if one.path.startswith(f"{folder}/")}
    assert len(chosen) == 3
    files = read_files(chosen)
    assert (len(files.workflows), files.broken) == (3, ())
    tree = Tree(parse_target(target), files.workflows)
    assert lint(tree, all_rules()).findings == ()
