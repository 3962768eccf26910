"""The list in a publishing workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tailrace.drift.lists import WorkflowListError, read_workflow_list

SCRIPT = """
jobs:
  cascade:
    steps:
      - run: |
          set -eu
          TEMPLATES="claude-code hermes openclaw \\
            codex"
          for t in $TEMPLATES; do echo "$t"; done
"""


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        SCRIPT.replace('"', "'").replace("'$t'", '"$t"'),
        "env:\n  TEMPLATES: claude-code hermes openclaw codex\n",
        "jobs: {a: {strategy: {matrix: {TEMPLATES: [claude-code, hermes, openclaw, codex]}}}}",
    ],
)
def test_the_list_in_a_workflow(tmp_path: Path, text: str) -> None:
    file = tmp_path / "publish.yml"
    file.write_text(text)
    found = read_workflow_list(file)
    assert found.names == ("claude-code", "hermes", "openclaw", "codex")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs: {}", "has no list TEMPLATES"),
        ("", "is no workflow"),
        ("TEMPLATES: ${{ vars.TEMPLATES }}", "has no list TEMPLATES"),
        ('a:\n  - TEMPLATES="$(ls)"', "has no list TEMPLATES"),
        ("a: [", ":1: is not YAML"),
        ('a: {TEMPLATES: a b}\nb: {TEMPLATES: "a c"}', "two lists TEMPLATES that differ"),
        ("TEMPLATES: a a", "has 'a' twice"),
        ("[" * 2_000, "is nested more than 100 deep"),
        ("[" * 400_000, "is nested more than 100 deep"),
        ("[" + "x," * 250_000 + "]", "has more than 200,000 values"),
        ("TEMPLATES: a\nTEMPLATES: b c", "two lists TEMPLATES that differ"),
    ],
)
def test_a_list_that_cannot_be_read_is_never_an_empty_one(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "publish.yml"
    file.write_text(text)
    with pytest.raises(WorkflowListError) as raised:
        read_workflow_list(file)
    assert said in str(raised.value)


def test_aliases_without_end_are_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 8)}]\n"
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    file = tmp_path / "publish.yml"
    file.write_text(f"{bomb}TEMPLATES: codex\n")
    with pytest.raises(WorkflowListError, match="has more than 200,000 values with its aliases"):
        read_workflow_list(file)
