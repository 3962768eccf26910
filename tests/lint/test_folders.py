"""Which folder a forge reads: the first that git has, with all below it or only what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.processes import tailrace

TEXT = "name: CI\non: [push]\njobs:\n  a:\n    name: a\n    runs-on: u\n    steps:\n"
BAD = f"{TEXT}      - run: a | b\n"


async def rules(root: Path, target: str) -> list[tuple[str, str]]:
    done = await tailrace("lint", "--json", "--target", target, cwd=root)
    return [(one["rule"], one["path"]) for one in done.document["findings"]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in (".gitea/workflows/sub", ".github/workflows/sub"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


async def test_a_folder_without_workflows_shadows_as_well(root: Path) -> None:
    (root / ".github/workflows/ci.yml").write_text(BAD)
    # Git has no empty folders.
    assert await rules(root, "gitea@1.22.6") == [("SH002", ".github/workflows/ci.yml")]
    (root / ".gitea/workflows/README.md").write_text("none yet\n")
    assert await rules(root, "gitea@1.22.6") == [("GT006", ".github/workflows/ci.yml")]
    assert await rules(root, "github") == [("SH002", ".github/workflows/ci.yml")]


async def test_a_gitea_reads_folders_in_the_folder_and_github_does_not(root: Path) -> None:
    (root / ".gitea/workflows/sub/ci.yml").write_text(BAD)
    assert await rules(root, "gitea@1.24") == [("SH002", ".gitea/workflows/sub/ci.yml")]
    assert await rules(root, "forgejo@7") == [("SH002", ".gitea/workflows/sub/ci.yml")]
    (root / ".github/workflows/sub/ci.yml").write_text(BAD)
    (root / ".github/workflows/sub/broken.yml").write_text("[")
    assert await rules(root, "github") == []
