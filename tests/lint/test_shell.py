"""The scanner: which characters of a script are commands, on any text."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.lint.shell import scan

PIECES = [
    *("${{", "}}", "$((", "))", "$(", ")", "(", "${", "}", "`", '"', "'", "$'", "\\", "\n", "#"),
    *("<<E", "<<-'E'", "E\n", "<<<", "case ", " in ", "esac", ";;", ";", "|", "||", "|&", "&&"),
    *("[[ ", " ]]", "if ", "then ", "{ ", " }", "a", "ü", " ", "\t", "\r\n", ">|", "2>&1", "\0"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=80).map("".join) | st.text(max_size=200))
@settings(max_examples=400, deadline=None)
def test_lengths_and_lines_never_change(text: str) -> None:
    script = scan(text)
    assert len(script.kinds) == len(script.depths) == len(text)
    for view in (script.code, script.expanded):
        assert len(view) == len(text)
        assert [at for at, char in enumerate(view) if char == "\n"] == [
            at for at, char in enumerate(text) if char == "\n"
        ]
        assert all(a in (b, " ") for a, b in zip(view, text, strict=True))
    assert all(0 <= begin <= end <= len(text) for begin, end in script.substitutions)
    spans = script.statements
    assert all(begin < end <= len(text) for begin, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


@given(st.sampled_from(PIECES), st.sampled_from(PIECES))
@settings(max_examples=30, deadline=None)
def test_hostile_repetition_ends(one: str, two: str) -> None:
    begun = time.monotonic()
    script = scan((one + two) * 10_000)
    assert script.pipes is not None
    assert script.statements is not None
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a # b|c", "a      "),
        ("a#b", "a#b"),
        ("echo 'a|b' \"c\"", "echo          "),
        ('x="$(p | q)"', "x= $(p | q) "),
        ("echo $'a\\'b' c", "echo         c"),
        ("a \\| b", "a    b"),
        ("cat <<E\na|b\nE\nc", "cat << \n   \n \nc"),
        ("cat <<-'E'\na\n\tE\nc", "cat <<-   \n \n  \nc"),
        ("echo ${x#y} $# z", "echo        $# z"),
        ("echo $((1 | (2)))", "echo             "),
        ("[[ x =~ a|b ]] && c", "               && c"),
        ("case a in a|b) c;; esac", "case a in a b) c;; esac"),
        ("echo '${{ a || 'b' }}' c", "echo  ${{ a || 'b' }}  c"),
        ("`a # b` c", "`a    ` c"),
    ],
)
def test_code(text: str, code: str) -> None:
    assert scan(text).code == code


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a | b | c", 2),
        ("a || b |& c >| d", 0),
        ("case a in a|b) c | d;; (e|f) ;; esac | g", 2),
        ('echo "$(a | b) | c"', 1),
        ("cat <<E | b\nc | d\nE", 1),
        ("${{ a || b }} | c", 1),
        ("$(( a | b )) ${x:-a|b} [a|b]", 1),
        ("f() { case $1 in a|b) c;; esac; }", 0),
        ("echo case a in | b", 1),
        ("<(a | b) c", 1),
    ],
)
def test_pipes(text: str, count: int) -> None:
    assert len(scan(text).pipes) == count


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("a; b && c || d & e", ["a", "b", "c", "d", "e"]),
        ("a \\\n  b\nc", ["a \\\n  b", "c"]),
        ("a 2>&1 | b &> c", ["a 2>&1 | b &> c"]),
        ('a "$(b; c)"\nd', ['a "$(b; c)"', "d"]),
        ("cat <<E >f\na; b\nE\nc", ["cat <<E >f\na; b\nE", "c"]),
    ],
)
def test_statements(text: str, statements: list[str]) -> None:
    assert [text[slice(*span)].strip() for span in scan(text).statements] == statements
