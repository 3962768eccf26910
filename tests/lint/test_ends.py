"""What is written to keep a reader busy for ever has an end, whatever rule looks at it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.cli.processes import tailrace

HEAD = "name: CI\non: [push]\njobs:\n  a:\n    name: a\n    runs-on: u\n    steps:\n"
#: Far more than the second that each takes, far less than the hours that it took.
SOON = 30


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (HEAD + '      - run: "' + "${{" * 300_000 + '"\n', None),
        (HEAD.replace("name: a", 'name: "' + "${{" * 300_000 + '"') + "      - run: x\n", None),
        (HEAD + "      - run: a\n        if: x || ${{ github.event" + " " * 900_000 + "}}\n", None),
        (HEAD + '      - run: "${{ github.head_ref' + " " * 900_000 + '}}"\n', "SE001"),
        (
            "x: &s\n"
            + "  - run: make\n" * 15_000
            + HEAD.partition("  a:")[0]
            + "".join(f"  j{number}: {{runs-on: u, steps: *s}}\n" for number in range(12_000)),
            "GT012",
        ),
    ],
)
async def test_it_ends(tmp_path: Path, text: str, rule: str | None) -> None:
    file = tmp_path / ".gitea/workflows/ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    async with asyncio.timeout(SOON):
        done = await tailrace("lint", "--json", "--target", "gitea@1.22.6", cwd=tmp_path)
    assert [one["rule"] for one in done.document["findings"]] == ([rule] if rule else [])


async def test_a_file_with_very_many_findings_ends(tmp_path: Path) -> None:
    file = tmp_path / ".gitea/workflows/ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text(HEAD + "      - uses: a/b@v1\n" * 40_000)
    async with asyncio.timeout(SOON):
        done = await tailrace("lint", "--baseline", "b", "--write-baseline", cwd=tmp_path)
    assert "40000 known findings" in done.out
