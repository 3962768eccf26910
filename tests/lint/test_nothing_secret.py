"""What looks like a credential is in no output, whichever finding its line has."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.processes import tailrace
from tests.lint.test_around import git

from tailrace.lint.credentials import masked
from tailrace.lint.gitleaks import read_gitleaks

# Put together here, so that no scanner takes them for live ones.
TOKEN = "0f23e567" * 5
WORD = "k7Qz!m2" + "Xw9Lp"
HEAD = "on: [push]\njobs:\n  a:\n    name: a\n    runs-on: u\n    steps:\n"
STEPS = (
    f'      - run: |\n          curl -H "Authorization: token {TOKEN}" https://x | tee log\n'
    f"      - uses: https://bob:{TOKEN}@git.example.com/a/b@v1\n"
    f'      - run: login --password="{WORD}" | tee log\n'
    "      - run: login corp-12345678 | tee log\n"
)
RULES = "[[rules]]\nid = 'corp'\nregex = 'corp-[0-9]{8}'\n"


def changed(root: Path) -> None:
    """A repository in which a workflow with credentials is added."""
    file = root / ".gitea/workflows/ci.yml"
    file.parent.mkdir(parents=True)
    (root / ".gitleaks.toml").write_text(RULES)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "1")
    file.write_text(HEAD + STEPS)
    git(root, "add", "-A")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "text"),
        ("--format", "json"),
        ("--format", "sarif"),
        ("--format", "annotations"),
        ("--format", "review"),
        ("--junit", "/dev/stdout"),
        ("--show-fix",),
    ],
)
async def test_no_format_prints_a_credential(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    changed(tmp_path)
    done = await tailrace("lint", "--diff", "HEAD", *arguments, cwd=tmp_path)
    if arguments != ("--show-fix",):
        assert (done.code, "SC001" in done.out) == (1, True), done
    said = done.out + done.err
    for secret in (TOKEN[:12], WORD, "corp-12345678"):
        assert secret not in said


def test_a_masked_line_keeps_its_columns() -> None:
    line = f'a token {TOKEN} and password = "{WORD}" corp-12345678 end'
    shown = masked(line, "x", read_gitleaks(RULES.encode()))
    assert (len(shown), shown[-4:], shown[:8]) == (len(line), " end", line[:8])
    assert not {TOKEN, WORD, "corp-12345678"} & set(shown.replace('"', " ").split())
    many = " ".join([f"token {TOKEN}"] * 30)
    assert TOKEN not in masked(many)
    assert masked("caf\udce9") == "caf\\udce9"
