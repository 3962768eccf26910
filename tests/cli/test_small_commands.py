"""The commands that need no forge, and what every command has in common."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.processes import tailrace

from tailrace.cli.group import COMMANDS


@pytest.mark.parametrize("command", ["", *COMMANDS])
async def test_every_help_fits_80_columns_and_has_an_example(tmp_path: Path, command: str) -> None:
    done = await tailrace(*([command] if command else []), "--help", cwd=tmp_path)
    assert done.code == 0
    assert all(len(line) <= 80 for line in done.out.split("\n"))
    if command not in ("schema",):
        # On a line of its own: click leaves the lines below it as they are.
        assert re.search(r"^  Examples?:$", done.out, re.MULTILINE)


async def test_version(tmp_path: Path) -> None:
    done = await tailrace("--version", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "tailrace 0.1.0\n", "")


def test_version_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['tailrace', '--version'];"
        "from tailrace.cli import main; main();"
        "print(sorted({'click', 'rich', 'aiohttp', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


async def test_version_check(tmp_path: Path) -> None:
    good = await tailrace("version-check", "0.1.1", cwd=tmp_path)
    assert (good.code, good.out) == (0, "0.1.1\n")
    bad = await tailrace("version-check", "0.1.1\n", cwd=tmp_path)
    assert (bad.code, bad.out) == (2, "")
    pep = await tailrace("version-check", "--policy", "pep440", "1!1.2", cwd=tmp_path)
    assert (pep.code, pep.out) == (0, "1!1.2\n")


async def test_init_writes_once_and_what_it_writes_can_be_read(tmp_path: Path) -> None:
    first = await tailrace("init", "--owner", "acme", "template-a", cwd=tmp_path)
    assert first.code == 0
    text = (tmp_path / "tailrace.toml").read_text()
    second = await tailrace("init", cwd=tmp_path)
    assert second.code == 2
    assert "is there already" in second.err
    assert (tmp_path / "tailrace.toml").read_text() == text
    plan = await tailrace("cascade", "1.2.3", cwd=tmp_path)
    assert plan.code == 2
    assert "no token" in plan.err


async def test_a_fleet_file_with_mistakes_is_2_with_lines(tmp_path: Path) -> None:
    (tmp_path / "tailrace.toml").write_text('package = "p"\nforg = 1\n')
    done = await tailrace("verify", "1.2.3", cwd=tmp_path)
    assert done.code == 2
    assert "tailrace.toml:2: forg: there is no such key; did you mean forge?" in done.err


async def test_no_fleet_file_names_the_next_step(tmp_path: Path) -> None:
    done = await tailrace("verify", "1.2.3", cwd=tmp_path)
    assert done.code == 2
    assert done.err == (
        "error: tailrace.toml: is not there\n"
        "  next: `tailrace init` writes one, or name it with --fleet\n"
    )


async def test_wrong_usage_is_2(tmp_path: Path) -> None:
    for arguments in (["nonsense"], ["verify"], ["verify", "1.2.3", "--nope"], ["plan", "1", "2"]):
        done = await tailrace(*arguments, cwd=tmp_path)
        assert done.code == 2
        assert done.err.startswith("Usage: tailrace")


async def test_schema_is_json(tmp_path: Path) -> None:
    done = await tailrace("schema", cwd=tmp_path)
    assert json.loads(done.out)["title"] == "tailrace.toml"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completion(tmp_path: Path, shell: str) -> None:
    script = await tailrace("completion", shell, cwd=tmp_path)
    assert script.code == 0
    assert "_TAILRACE_COMPLETE" in script.out
    words = {"bash": {"COMP_WORDS": "tailrace ver", "COMP_CWORD": "1"}}.get(shell)
    if words:
        done = await tailrace(cwd=tmp_path, _TAILRACE_COMPLETE="bash_complete", **words)
        assert done.out.split() == ["plain,version", "plain,verify", "plain,version-check"]
