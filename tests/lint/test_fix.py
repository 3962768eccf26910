"""``--fix``: only what it says, only inside of the tree, and nothing the second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.processes import tailrace

from tailrace.lint.finding import Edit, Finding
from tailrace.lint.fix import fixed
from tailrace.lint.node import Position

FOLDER = ".gitea/workflows"
REST = b"on: push\njobs: {a: {runs-on: x, name: a, steps: [{run: make}]}}\n"
BOM = b"\xef\xbb\xbf"


def written(root: Path, data: bytes, name: str = "ci.yml") -> Path:
    file = root / FOLDER / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (REST, b"name: ci\n" + REST),
        (BOM + REST, BOM + b"name: ci\n" + REST),
        (REST.replace(b"\n", b"\r\n"), (b"name: ci\n" + REST).replace(b"\n", b"\r\n")),
        (b"name:  # soon\n" + REST, b"name: ci  # soon\n" + REST),
        (b"--- # a\n" + REST, b"--- # a\nname: ci\n" + REST),
        (b"name: &n\n" + REST.replace(b"name: a", b"name: *n"), None),
        (b"name: !!str\n" + REST, None),
        (b"&root\n" + REST, None),
    ],
)
async def test_a_fix_changes_what_it_says_and_no_more(
    tmp_path: Path, before: bytes, after: bytes | None
) -> None:
    file = written(tmp_path, before)
    file.chmod(0o640)
    first = await tailrace("lint", "--fix", cwd=tmp_path)
    assert file.read_bytes() == (before if after is None else after)
    assert first.code == (1 if after is None else 0), first
    assert file.stat().st_mode & 0o777 == 0o640
    second = await tailrace("lint", "--fix", cwd=tmp_path)
    assert (second.out, file.read_bytes()) == ("", before if after is None else after)
    assert [one.name for one in file.parent.iterdir()] == ["ci.yml"]


def test_an_edit_after_which_nothing_reads_the_file_is_not_made() -> None:
    wrong = Finding("X", "a", Position(1, 1), Position(1, 2), "m", "s", edits=(Edit(0, 0, "["),))
    assert fixed({"a": "on: push\n"}, [wrong]) == {}


async def test_a_link_is_judged_as_the_forge_reads_it_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_bytes(b"PASSWORD: unseen\n" + REST)
    root = tmp_path / "root"
    (root / FOLDER).mkdir(parents=True)
    (root / FOLDER / "ci.yml").symlink_to(outside)
    (root / FOLDER / "dangling.yml").symlink_to("nowhere")
    (root / "action.yml").symlink_to(outside)
    done = await tailrace("lint", "--fix", cwd=root)
    assert outside.read_bytes() == b"PASSWORD: unseen\n" + REST
    shown = await tailrace("lint", "--json", cwd=root)
    assert [one["rule"] for one in shown.document["findings"]] == ["GT012", "GT012"]
    assert (done.code, "PASSWORD" in done.out + shown.out) == (1, False)


async def test_a_folder_of_workflows_that_leads_out_of_the_tree_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / "other", REST)
    root = tmp_path / "root"
    (root / ".gitea").mkdir(parents=True)
    (root / FOLDER).symlink_to(tmp_path / "other" / FOLDER)
    assert (await tailrace("lint", "--json", cwd=root)).document["files"] == 0


async def test_a_diff_is_no_terminal_escape_and_no_command_of_a_runner(tmp_path: Path) -> None:
    text = "# \u202e\n".encode() + REST.replace(b"push", b"push\n# x\n\n::error::x: 1")
    written(tmp_path, text, "a\n::error::b.yml")
    done = await tailrace("lint", "--show-fix", cwd=tmp_path)
    lines = done.out.split("\n")
    assert any("\\u202e" in line for line in lines)
    assert not [char for char in done.out if not char.isprintable() and char != "\n"]
    assert not [line for line in lines if line.lstrip(" +-").startswith("::")]


async def test_known_findings_are_not_mended_and_info_is_no_failure(tmp_path: Path) -> None:
    file = written(tmp_path, REST)
    await tailrace("lint", "--baseline", "b.json", "--write-baseline", cwd=tmp_path)
    done = await tailrace("lint", "--baseline", "b.json", "--fix", cwd=tmp_path)
    assert (done.code, file.read_bytes()) == (0, REST)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fix", "--json"),
        ("--show-fix", "--junit", "j.xml"),
        ("--baseline", "b.json", "--write-baseline", "--fix"),
        ("--baseline", "b.json", "--write-baseline", "--json"),
        ("--fleet", "--format", "sarif"),
        ("--fleet", "--fix"),
        ("--fleet", "--baseline", "b.json"),
        ("--fleet", "--diff", "main"),
    ],
)
async def test_what_has_no_meaning_together_is_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = written(tmp_path, REST)
    done = await tailrace("lint", *arguments, cwd=tmp_path)
    assert (done.code, " takes no --" in done.err) == (2, True), done
    assert (file.read_bytes(), (tmp_path / "b.json").exists()) == (REST, False)
