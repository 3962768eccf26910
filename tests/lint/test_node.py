"""YAML with positions: hostile files have an end and a message, and every place is in the file."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.lint.engine import lint
from tailrace.lint.expressions import expressions
from tailrace.lint.node import Mapping, Position, Scalar, Unreadable, mappings, parse, scalars
from tailrace.lint.rules import all_rules
from tailrace.lint.target import parse_target
from tailrace.lint.tree import Tree, read_files
from tailrace.lint.workflow import place_in, read_workflow

RULES = all_rules()
PATH = ".gitea/workflows/a.yml"


def test_every_key_and_value_knows_its_place() -> None:
    root = parse("# ü\nname: CI # c\non:\n  push: {branches: ['mäin', x]}\n".encode())
    assert isinstance(root, Mapping)
    name, on = root.entries
    assert (name.key.start, name.value.start) == (Position(2, 1), Position(2, 7))
    assert isinstance(on.value, Mapping)
    found = {scalar.value: scalar.start for scalar in scalars(root)}
    assert found == {"CI": Position(2, 7), "mäin": Position(4, 21), "x": Position(4, 29)}


def test_the_last_of_two_equal_keys_counts_and_the_second_is_told() -> None:
    root = parse(b"a: 1\nb: 2\na: 3\n")
    assert isinstance(root, Mapping)
    assert [entry.key.start.line for entry in root.duplicates()] == [3]
    found = root.text("a")
    assert found is not None
    assert found.value == "3"


def test_an_alias_is_its_anchors_value() -> None:
    root = parse(b"a: &x {run: make}\nb: *x\n")
    assert isinstance(root, Mapping)
    assert root.get("b") is root.get("a")
    assert len(list(mappings(root))) == 2


BOMB = b"a0: &a0 [x, x]\n" + b"".join(
    b"a%d: &a%d [*a%d, *a%d, *a%d]\n" % (n, n, n - 1, n - 1, n - 1) for n in range(1, 60)
)


def test_aliases_are_walked_once_and_a_bomb_of_them_is_refused() -> None:
    root = parse(b"a: &a [x, y]\nb: [*a, *a, *a]\n")
    assert isinstance(root, Mapping)
    assert len(list(scalars(root))) == 2
    with pytest.raises(Unreadable, match="values with its aliases"):
        parse(BOMB)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[" * 5_000, "nested"),
        (b"- " * 200_000, "nested"),
        (b"{" * 500 + b"}" * 500, "nested"),
        (b"a: " + b"x" * (1024 * 1024), "more than"),
        (b"x: [" + b"1," * 300_000 + b"]", "values"),
        (b"a: \xff\n", "UTF-8"),
        (b"a: 1\n\tb: 2\n", "is not YAML"),
        (b"a: 1\n---\nb: 2\n", "more than one document"),
        (b"a: *x\n", "an alias without its anchor"),
        (b"? [a]\n: 1\n", "key that is no text"),
        (b"a: \x00\n", "NUL"),
        (b"a: 'x\n", "is not YAML"),
        (b"%YAML 9.9\n---\na: 1\n", "is not YAML"),
    ],
)
def test_a_hostile_file_has_an_end_and_a_message(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as caught:
        parse(data)
    assert 1 <= caught.value.at.line <= data.count(b"\n") + 1


KEYS = st.sampled_from(
    ["on", "jobs", "name", "steps", "run", "uses", "with", "needs", "if", "env", "runs-on", "push",
     "pull_request", "continue-on-error", "strategy", "matrix", "permissions", "timeout-minutes"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["actions/checkout@v4", "always()", "${{ github.head_ref }}", "a | b", "true"]),
)
VALUES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, TEXTS), inner, max_size=5)
    ),
    max_leaves=25,
)


def judged(data: bytes) -> None:
    """Lints ``data`` for every kind of target; every position lies inside the file."""
    files = read_files({PATH: data})
    text = data.decode("utf-8-sig", errors="replace")
    lines = text.split("\n")
    for target in ("gitea@1.22.6", "github"):
        tree = Tree(parse_target(target), files.workflows, files.broken, files.actions)
        for finding in lint(tree, RULES).findings:
            assert 1 <= finding.start.line <= len(lines)
            assert 1 <= finding.start.column <= len(lines[finding.start.line - 1]) + 1
            for edit in finding.edits:
                assert 0 <= edit.start <= edit.end <= len(text)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_no_workflow_shaped_file_crashes_a_rule(document: dict[str, object]) -> None:
    try:
        data = yaml.safe_dump(document, allow_unicode=True).encode()
    except UnicodeEncodeError:
        return
    judged(data)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_no_bytes_crash_a_rule(data: bytes) -> None:
    judged(data)


def test_an_expression_in_a_block_knows_its_line() -> None:
    text = (
        "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          x\n          y ${{ a.b }}\n"
    )
    workflow = read_workflow(PATH, text.encode())
    run = workflow.jobs[0].steps[0].run
    assert isinstance(run, Scalar)
    ((begin, end),) = expressions(run.value)
    assert (run.value[begin:end], place_in(run, begin).line) == ("${{ a.b }}", 7)


ODD = (
    "on: push\n# a\u2028# b \x85# c\njobs:\n  a:\n    runs-on: x\n    name: 'é\u2029 b'\n"
    "    continue-on-error: true\n    steps:\n      - run: make|tee l\n"
)


@pytest.mark.parametrize("text", [ODD, ODD.replace("\n", "\r"), ODD.replace("\n", "\r\n")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_are_those_of_the_lines_that_an_editor_shows(text: str, mark: str) -> None:
    workflow = read_workflow(PATH, (mark + text).encode())
    entry = workflow.jobs[0].node.entry("continue-on-error")
    assert entry is not None
    line, column = entry.key.start
    assert workflow.lines[line - 1][column - 1 :].startswith("continue-on-error: true")
    begin, end = entry.key.span
    assert workflow.text[begin:end] == "continue-on-error"
    tree = Tree(parse_target("gitea@1.22.6"), (workflow,))
    for finding in lint(tree, RULES).findings:
        for place in (finding.start, finding.end):
            assert place.line <= len(workflow.lines)
            assert place.column <= len(workflow.lines[place.line - 1]) + 2


def test_what_does_not_parse_is_named_at_its_own_line() -> None:
    with pytest.raises(Unreadable) as caught:
        parse("# a\u2028# b\n\na: [\n".encode())
    assert caught.value.at == Position(4, 1)


def test_merged_keys_are_those_of_the_mapping() -> None:
    text = (
        "on: push\nx: &x\n  runs-on: x\n  name: x\n  steps: [{run: make}]\ny: &y {name: y}\njobs:\n"
        "  a: {<<: *x, name: a}\n  b: {<<: [*y, *x]}\n  c: {'<<': 1, <<: 2, uses: ./x}\n"
    )
    workflow = read_workflow(PATH, text.encode())
    assert [job.shown_name for job in workflow.jobs] == ["a", "y", "c"]
    assert [len(job.steps) for job in workflow.jobs] == [1, 1, 0]
    assert not any(list(job.node.duplicates()) for job in workflow.jobs)
    found = lint(Tree(parse_target("gitea@1.22.6"), (workflow,)), RULES).findings
    assert "GT012" not in {finding.rule for finding in found}
