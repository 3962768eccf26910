"""Odd scripts, and what the rules on shells say of them, with lines of the script."""

from __future__ import annotations

import time
from textwrap import indent

import pytest
from tests.lint.trees import tree_of

from tailrace.lint.engine import lint
from tailrace.lint.rule import Example
from tailrace.lint.rules import all_rules

RULES = [rule for rule in all_rules() if rule.family == "SH"]
HEAD = "name: CI\non: [push]\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n"


def found(script: str, *, after: str = "", before: str = "") -> list[tuple[str, int]]:
    """Rules, and the lines of the script in which they find something."""
    head = before + HEAD
    text = f"{head}{indent(script, ' ' * 10)}\n{after}"
    linted = lint(tree_of(Example({".gitea/workflows/ci.yml": text})), RULES)
    return [(one.rule, one.start.line - head.count("\n")) for one in linted.findings]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("a\nb | c", 2),
        ("a | b\nset -o pipefail\nc | d", 1),
        ("set -o pipefail\na | b\nset +o pipefail\nc | d\ne | f", 4),
        ("set -e\nset -eu\na | b", 3),
        ("x=$(a | b)", 1),
        ('x="$(a | b)"', 1),
        ("echo x | grep -o y | head", 1),
        ("if a | grep -q b; then\n  c\nfi", 1),
        ("# set -o pipefail\na | b", 2),
        ("echo 'set -o pipefail'\na | b", 2),
        ("a \\\n  2>&1 \\\n  | b", 3),
        ("a | b || exit 3", 1),
        ("${{ a || 'b' }} | c", 1),
        ("cat <<E | b\nc | d\nE", 1),
        ("a=1 b='x y' c=`d | e`", 1),
        ("if x=$(a | b); then\n  c\nfi", 1),
        ("x[0]=$(y=$(a | b))", 1),
        ("echo $(c)\nx=$(a | b)", 2),
        ("make | sed s/a/b/ | tr a b", 1),
        ("a || sed s/a/b/ | tr a b", 1),
    ],
)
def test_a_pipe_without_pipefail(script: str, line: int) -> None:
    assert found(script) == [("SH002", line)]


@pytest.mark.parametrize(
    "script",
    [
        "set -o pipefail\na | b",
        # No option of the shell sees these: the status is that of the command around.
        'echo "x=$(a | b)" >> "$GITHUB_OUTPUT"',
        "export x=$(a | b)",
        'if [ "$(a | b)" = c ]; then\n  d\nfi',
        "for x in `a | b`; do\n  c\ndone",
        'echo "$(x=$(c "$(a | b)"))"',
        # Text that is there, through commands that take any.
        "printf '%s' \"$x\" | sed s/a/b/ | tr , ' ' | tr -s ' '",
        "x=$(echo a | cut -c1 | wc -l)",
        "set -euo pipefail\na | b",
        "set -eu -o pipefail\na | b",
        "set -o errexit -o pipefail\na | b",
        "set -o pipefail -e; a | b",
        "shopt -so pipefail\na | b",
        "shopt -s -o pipefail\na | b",
        "a || b |& c",
        "case $x in\n  a|b) c;;\n  (d|e) f;;\nesac",
        "[[ $x =~ a|b ]]",
        "a > x # | b",
        "a '|' \"|\" \\|",
        "cat <<'E'\na | b\nE",
        "echo a | b",
        'printf "%s" "$T" | docker login --password-stdin',
        "echo a 2>&1 | b",
        "a | b || true",
        "x=$(a | b || :)",
    ],
)
def test_no_pipe_that_hides(script: str) -> None:
    assert found(script) == []


@pytest.mark.parametrize(
    ("after", "before", "count"),
    [
        ("        shell: bash\n", "", 0),
        ("        shell: bash -e {0}\n", "", 1),
        ("        shell: bash -eo pipefail {0}\n", "", 0),
        ("        shell: sh\n", "", 1),
        ("        shell: pwsh\n", "", 0),
        ("        shell: python\n", "", 0),
        ("", "defaults:\n  run:\n    shell: bash\n", 0),
        ("        shell: sh\n", "defaults:\n  run:\n    shell: bash\n", 1),
    ],
)
def test_which_shell(after: str, before: str, count: int) -> None:
    assert len(found("a | b", after=after, before=before)) == count


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("a\ncode=$(curl -s -o /dev/null -w '%{http_code}' u || echo 000)", 2),
        ("code=`curl -so f -w %{http_code} u || printf 000`", 1),
        ("code=$(curl \\\n  -s -w '%{response_code}' \\\n  u)", 1),
        ('code=$(curl --write-out "%{http_code}" -XPOST u)', 1),
        ("code=$(curl -o f -w '\\n%{http_code}' u || { echo 000; })", 1),
        ('test "$(curl -w "%{http_code}" "$(echo u -o v)")" = 200', 1),
    ],
)
def test_a_polluted_status(script: str, line: int) -> None:
    assert found(script) == [("SH001", line)]


@pytest.mark.parametrize(
    "script",
    [
        "code=$(curl -s -o f -w '%{http_code}' u) || code=000",
        "code=$(curl -so f -w '%{http_code}' u || true)",
        "code=$(curl -fsSLo f -w '%{http_code}' u)",
        "code=$(curl --output f --write-out=%{http_code} u)",
        "both=$(curl -s -w '\\n%{http_code}' u)",
        "time=$(curl -s -o f -w '%{time_total}' u || echo 0)",
        "x=$(mycurl -w '%{http_code}' u || echo 0)",
        "# code=$(curl -w '%{http_code}' u || echo 000)\na",
        "curl -w '%{http_code}' u || echo 000",
    ],
)
def test_a_clean_status(script: str) -> None:
    assert found(script) == []


@pytest.mark.parametrize("piece", ["echo|", "$(curl ", "(", "a|b||true;", "x=$(y) | ", "set -o "])
def test_hostile_scripts_end(piece: str) -> None:
    begun = time.monotonic()
    found(piece * 10_000 + ")" * 10_000)
    assert time.monotonic() - begun < 10
