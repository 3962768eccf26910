"""Odd workflows, and what the rules on a forge that is not GitHub say of them, with lines."""

from __future__ import annotations

import pytest
from tests.lint.trees import tree_of
from tests.workflows.test_render import ALL

from tailrace.lint.bounded import is_bounded
from tailrace.lint.engine import lint
from tailrace.lint.fix import fixed
from tailrace.lint.node import parse
from tailrace.lint.rule import Example
from tailrace.lint.rules import all_rules
from tailrace.lint.tree import read_files
from tailrace.settings import LintSettings
from tailrace.workflows.render import Generated

RULES = [rule for rule in all_rules() if rule.family == "GT"]
PATH = ".gitea/workflows/ci.yml"
STEPS = "    runs-on: x\n    steps:\n      - run: make\n"
JOB = f"jobs:\n  a:\n{STEPS}"
SETTINGS = LintSettings(runner_labels=("x", "y:host"))
SHA = "0123456789abcdef" * 2 + "01234567"


def found(
    files: str | dict[str, str], target: str = "gitea@1.22.6"
) -> list[tuple[str, int]] | list[tuple[str, str, int]]:
    """Rules and lines; with paths where there are several files."""
    several = files if isinstance(files, dict) else {PATH: files}
    linted = lint(tree_of(Example(several, target=target, settings=SETTINGS)), RULES)
    if files is several:
        return [(one.rule, one.path, one.start.line) for one in linted.findings]
    return [(one.rule, one.start.line) for one in linted.findings]


@pytest.mark.parametrize(
    ("on", "lines"),
    [
        ("on: merge_group", [2]),
        ("on: push", []),
        ("on: [push, merge_group, repository_dispatch]", [2, 2]),
        ("on:\n  push: null\n  merge_group:", [4]),
        ("on: {push: null}", []),
        ('"on": [deployment]', [2]),
        ("on: &e [check_run]\nx: *e", [2]),
        ("on:\n  - push\n  - status", [4]),
        ("on: [workflow_dispatch]", []),
        ("on: [workflow_run, push]", [2]),
    ],
)
def test_events(on: str, lines: list[int]) -> None:
    assert found(f"name: CI\n{on}\n{JOB}") == [("GT002", line) for line in lines]


def test_an_event_alone_is_said_to_start_nothing() -> None:
    for on, said in (("[merge_group]", "never starts"), ("[push, merge_group]", "others start")):
        tree = tree_of(Example({PATH: f"name: CI\non: {on}\n{JOB}"}))
        assert [said in one.message for one in lint(tree, RULES).findings] == [True]


@pytest.mark.parametrize(
    ("head", "job", "target", "lines"),
    [
        ("on: push", "    timeout-minutes: 9\n", "1.26.5", [5]),
        ("on: push", "    timeout-minutes: 9\n", "1.27", []),
        ("on: push", "    continue-on-error: true\n", "1.22.6", [5]),
        ("on: push", "    continue-on-error: ${{ matrix.x }}\n", "1.26", [5]),
        ("on: push", "    continue-on-error: false\n", "1.22.6", []),
        ("on: push", "    environment: {name: x, url: y}\n", "1.27", [5]),
        ("on: push", "    concurrency: one\n", "1.25.5", [5]),
        ("on: push", "    concurrency: one\n", "1.26", []),
        ("on: push", "    concurrency: {group: a, cancel-in-progress: false}\n", "1.22.6", [5]),
        ("on: push", "    concurrency: {group: a, cancel-in-progress: true}\n", "1.22.6", []),
        ("on: push", "    concurrency: {group: a, cancel-in-progress: '${{ x }}'}\n", "1.22.6", []),
        ("on: push\npermissions: {}", "", "1.22.6", []),
        ("on: issue_comment\npermissions: {}", "", "1.22.6", [3]),
        ("on: [push, issues]", "    permissions: read-all\n", "1.25", [5]),
        ("on: push\nrun-name: by ${{ github.actor }}", "", "1.22.6", []),
        ("on: push\nrun-name: v${{ inputs.version }}", "", "1.24.7", [3]),
        ("on: push\nrun-name: v${{ inputs.version }}", "", "1.25", []),
    ],
)
def test_ignored_keys(head: str, job: str, target: str, lines: list[int]) -> None:
    text = f"name: CI\n{head}\njobs:\n  a:\n{job}{STEPS}"
    assert found(text, f"gitea@{target}") == [("GT003", line) for line in lines]
    # Forgejo has taken over the rest, or it says nothing of it.
    lacks = "permissions:" in text or "continue-on-error:" in text
    assert found(text, "forgejo@12") == [("GT003", line) for line in lines if lacks]


@pytest.mark.parametrize(
    ("steps", "bounded"),
    [
        ("- run: make", False),
        ("- run: timeout 5m make", True),
        ("- run: timeout 5m make\n- run: make", False),
        ("- run: timeout 5m make\n- run: echo done; exit 0", True),
        ("- run: timeout 5m make\n- run: echo 'make'  # make", True),
        ("- run: timeout 5m make\n- run: X=1 Y=$(make) echo", False),
        ("- run: timeout 5m make\n- run: X=1 make", False),
        ("- run: timeout 5m make\n- run: if make; then echo; fi", False),
        ("- run: timeout 5m make\n- run: echo a >&2 2>/dev/null || exit 1", True),
        ("- run: timeout 5m make\n- run: echo ${{ x.make }}", True),
        ("- run: timeout 5m make\n- run: ${{ x.make }}", False),
        ("- run: timeout 5m make\n- run: 'f() { echo; }; f'", True),
        ('- run: timeout "$LIMIT" make', True),
        ("- run: pip install --timeout 5 x", False),
        ("- run: make\n  timeout-minutes: 5", True),
        ("- uses: ./x", False),
        ("- uses: ./x\n- run: timeout 1m make", True),
        ("- run: echo", False),
    ],
)
def test_what_ends_by_itself(steps: str, bounded: bool) -> None:
    indented = "".join(f"      {line}\n" for line in steps.split("\n"))
    text = f"on: push\njobs:\n  a:\n    steps:\n{indented}"
    (workflow,) = read_files({PATH: text.encode()}).workflows
    assert is_bounded(workflow.jobs[0].steps) is bounded


@pytest.mark.parametrize("workflow", ALL, ids=[one.path for one in ALL])
def test_what_init_writes_is_clean(workflow: Generated) -> None:
    forge = workflow.path.partition("/")[0][1:]
    target = {"gitea": "gitea@1.22.6", "forgejo": "forgejo@7", "github": "github"}[forge]
    tree = tree_of(Example({workflow.path: workflow.text}, target=target))
    rules = [rule for rule in all_rules() if rule.family in ("GT", "CX")]
    assert lint(tree, rules).findings == ()


@pytest.mark.parametrize(
    ("uses", "count"),
    [
        (f"org/repo/.gitea/workflows/a.yml@{SHA}", 1),
        (f"org/repo/.github/workflows/a.yml@{SHA}", 1),
        ("./.gitea/workflows/a.yml", 0),
        (f"https://git.example.com/org/repo/.gitea/workflows/a.yml@{SHA}", 0),
    ],
)
def test_called_workflows(uses: str, count: int) -> None:
    text = f"name: CI\non: push\njobs:\n  a:\n    uses: {uses}\n"
    assert found(text) == [("GT004", 5)] * count
    assert found(text, "gitea@1.26") == []


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        (f"org/repo/.gitea/x@{SHA}", "GT004"),
        (f"org/repo/.github/x@{SHA}", None),
        (f"org/repo@{SHA}", None),
        ("./.gitea/x", None),
        (f"docker://git.example.com/o/r/.gitea/x@sha256:{SHA}", None),
        (f"https://github.com/actions/checkout@{SHA}", "GT005"),
        (f"actions/checkout@{SHA}", "GT005"),
        (f"my-actions/checkout@{SHA}", None),
        (f"actions/checkout@{SHA}\n        env: {{GITHUB_SERVER_URL: 'https://a'}}", None),
        (f"actions/checkout@{SHA}\n        env: {{GITHUB_SERVER_URL: ''}}", "GT005"),
        (f"actions/checkout@{SHA}\n        env: {{GITHUB_SERVER_URL: '${{{{ vars.U }}}}'}}", None),
        (f"softprops/action-gh-release@{SHA}", "GT005"),
    ],
)
def test_steps_that_use(step: str, rule: str | None) -> None:
    text = f"name: CI\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {step}\n"
    assert found(text) == ([] if rule is None else [(rule, 7)])


def test_a_composite_action_that_uses() -> None:
    files = {PATH: f"name: CI\non: push\n{JOB}", "x/action.yml": "runs:\n  steps:\n"}
    files["x/action.yml"] += f"    - uses: org/repo/.gitea/x@{SHA}\n"
    assert found(files) == [("GT004", "x/action.yml", 3)]


ONE = f"name: CI\non: push\n{JOB}"
OTHER = f"# Builds.\nname: Other\non: push\n{JOB}"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({".gitea": ONE, ".github": ONE}, []),
        ({".github": OTHER}, []),
        ({".gitea": ONE, ".github": OTHER}, [("GT006", ".github/workflows/ci.yml", 2)]),
        ({".gitea": ONE, ".github": f"# GitHub only\n{OTHER}"}, []),
        ({".gitea": ONE, ".github": f"{OTHER}# mirror"}, []),
        ({".gitea": ONE, ".github": OTHER + "#\n" * 9 + "# mirror"}, [("GT006", 2)]),
        ({".gitea": "a: [", ".github": ONE}, [("GT006", 1), ("GT012", 1)]),
        ({".gitea": ONE, ".github": "a: ["}, []),
    ],
)
def test_folders(files: dict[str, str], expected: list[tuple[str, int]]) -> None:
    several = {f"{folder}/workflows/ci.yml": text for folder, text in files.items()}
    linted = lint(tree_of(Example(several)), RULES).findings
    short = [(one[0], one[-1]) for one in expected]
    assert sorted((one.rule, one.start.line) for one in linted) == short
    assert all(one.path.startswith(".github") for one in linted if one.rule == "GT006")


@pytest.mark.parametrize(
    ("runs_on", "rules"),
    [
        ("x", []),
        ("y", []),
        ("z", ["GT008"]),
        ("[x, z, w]", ["GT008", "GT008"]),
        ("'${{ matrix.os }}'", []),
        ("[x, '${{ matrix.os }}']", []),
        ("{group: big}", ["GT007"]),
        ("{group: big, labels: z}", ["GT007", "GT008"]),
        ("[x, [y]]", ["GT007"]),
        ("X", ["GT008"]),
    ],
)
def test_runs_on(runs_on: str, rules: list[str]) -> None:
    text = f"name: CI\non: push\njobs:\n  a:\n    runs-on: {runs_on}\n    steps: [run: a]\n"
    assert found(text) == [(rule, 5) for rule in rules]


def test_labels_on_github_have_no_case_and_anchors_are_followed() -> None:
    text = "name: CI\non: push\njobs:\n  a: &a\n    runs-on: &l [X, Z]\n    steps: [run: a]\n"
    text += "  b:\n    runs-on: *l\n    steps: [run: a]\n"
    tree = tree_of(Example({".github/workflows/a.yml": text}, "github", SETTINGS))
    assert [(one.rule, one.start.line) for one in lint(tree, RULES).findings] == [("GT008", 5)]


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("run: echo ${{ hashFiles('a') }}", [7]),
        ("run: |\n          a\n          echo ${{ HASHFILES ('a') }}", [9]),
        ("run: echo hashFiles('a')", []),
        ("run: echo ${{ 'hashFiles(' }}", []),
        ("run: a\n        if: hashFiles('a') != ''", [8]),
        ("run: a\n        if: ${{ hashFiles('a') && hashFiles('b') }}", [8, 8]),
        ("run: a\n        name: if hashFiles('a')", []),
    ],
)
def test_hash_files(step: str, lines: list[int]) -> None:
    text = f"name: CI\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {step}\n"
    assert found(text) == [("GT009", line) for line in lines]
    assert found(text, "gitea@1.23") == []


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        (f"on: push\n{JOB}", 1, "ci"),
        (f"# x\n\non: push\n{JOB}", 3, "ci"),
        (f"---\non: push\n{JOB}", 2, "ci"),
        (f"name:\non: push\n{JOB}", 1, "ci"),
        (f"name: ~\non: push\n{JOB}", 1, "ci"),
        (f"name: ''  # later\non: push\n{JOB}", 1, "ci"),
        (f"on: push\nname: null # later\n{JOB}", 2, "ci"),
        (f"\ufeffon: push\r\n{JOB}", 1, "ci"),
        ("{on: push, jobs: {a: {runs-on: x, steps: [{run: a}]}}}", 1, None),
        (f"x: &x ''\nname: *x\non: push\n{JOB}", 2, None),
    ],
)
def test_names(text: str, line: int, name: str | None) -> None:
    tree = tree_of(Example({PATH: text}))
    linted = lint(tree, RULES)
    assert [(one.rule, one.start.line) for one in linted.findings] == [("GT010", line)]
    after = fixed({PATH: tree.workflows[0].text}, linted.findings)
    if name is None:
        assert after == {}
        return
    assert found(after[PATH]) == []
    (workflow,) = read_files({PATH: after[PATH].encode()}).workflows
    assert workflow.shown_name == name


def test_a_name_is_quoted_where_yaml_would_read_it_as_something_else() -> None:
    path = ".gitea/workflows/on.yml"
    tree = tree_of(Example({path: f"on: push\n{JOB}"}))
    after = fixed({path: tree.workflows[0].text}, lint(tree, RULES).findings)
    assert after[path].startswith('name: "on"\non: push\n')


def test_what_is_only_called_needs_no_name() -> None:
    assert found(f"on: workflow_call\n{JOB}") == []
    assert found(f"name: null-safe\non: push\n{JOB}") == []
    assert found(f"name: 'null'\non: push\n{JOB}") == []


@pytest.mark.parametrize(
    ("jobs", "lines"),
    [
        (f"  a:\n    name: t\n{STEPS}  b:\n    name: t\n{STEPS}", [10]),
        (f"  t:\n{STEPS}  b:\n    name: t\n{STEPS}", [9]),
        (f"  a:\n    name: t ${{{{ matrix.x }}}}\n{STEPS}  b:\n    name: t\n{STEPS}", []),
        (f"  t:\n    strategy: {{matrix: {{x: [1]}}}}\n{STEPS}  b:\n    name: t\n{STEPS}", []),
        (f"  a: &a\n    name: t\n{STEPS}  b: *a\n", [5]),
        (f"  a: &a\n{STEPS}  b: *a\n", []),
    ],
)
def test_contexts_in_one_file(jobs: str, lines: list[int]) -> None:
    assert found(f"name: CI\non: [push, pull_request]\njobs:\n{jobs}") == [
        ("GT011", line) for line in lines
    ]


def test_contexts_of_workflows_without_a_name() -> None:
    text = f"on: push\n{JOB}"
    files = {".gitea/workflows/a.yml": text, ".gitea/workflows/b.yml": text}
    named = [("GT010", path, 1) for path in files]
    assert found(files) == [*named, ("GT011", ".gitea/workflows/b.yml", 3)]
    assert found(files, "gitea@1.27") == named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"name: CI\non: push\n{JOB}    needs: b\n", [("GT012", 8)]),
        (f"name: CI\non: push\n{JOB}    needs: [A, '${{{{ b }}}}']\n", []),
        (f"name: CI\non:\n  push:\n    branches:\n{JOB}", [("GT012", 4)]),
        (f"name: CI\non:\n  push:\n    branches: 7\n{JOB}", [("GT012", 4)]),
        (f"name: CI\non:\n  push:\n    tags: [v1, true]\n{JOB}", [("GT012", 4)]),
        (f"name: CI\non:\n  push:\n    tags: ['1', \"2\", 3.x, v4]\n{JOB}", []),
        (f"name: CI\non:\n  schedule:\n    - cron: 0 1 * * *\n{JOB}", []),
        ("name: CI\n", [("GT012", 1)]),
        (f"name: CI\non: ~\n{JOB}", [("GT012", 2)]),
        (f"name: CI\non:\n{JOB}", [("GT012", 2)]),
        (f"name: CI\non: []\n{JOB}", [("GT012", 2)]),
        ("name: CI\non: push\njobs: {}\n", [("GT012", 3)]),
        ("name: CI\non: push\njobs: [a]\n", [("GT012", 3)]),
        ("name: CI\non: push\njobs:\n  a:\n", [("GT012", 4)]),
        ("name: CI\non: push\njobs:\n  a:\n    runs-on: x\n    steps: []\n", [("GT012", 4)]),
        (f"name: CI\non: push\njobs:\n  a: {{}}\n  b:\n{STEPS}  c:\n", [("GT012", 4)]),
        (f"name: CI\non: push\n{JOB}name: a\non: push\n", [("GT012", 8), ("GT012", 9)]),
        (f"name: CI\non: push\n{JOB}        run: b\n", [("GT012", 8)]),
        ("name: CI\n\ton: push\n", [("GT012", 2)]),
        ("", [("GT012", 1)]),
        ("# nothing\n", [("GT012", 1)]),
        ("a: *b\n", [("GT012", 1)]),
        (f"name: CI\non: push\n{JOB}---\na: b\n", [("GT012", 8)]),
        (f"\ufeffname: CI\non: push\n{JOB}", []),
        (f"name: CI\non: push\nx: &x {{a: 1, a: 2}}\ny: *x\n{JOB}", [("GT012", 3)]),
    ],
)
def test_what_a_forge_drops(text: str, expected: list[tuple[str, int]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("gitea@1.22.6", "the forge drops it without a word"),
        ("gitea@1.26", "no job starts, and only the Actions page says so"),
        ("github", "GitHub starts none of its jobs"),
    ],
)
def test_what_comes_of_a_file_that_does_not_parse(target: str, said: str) -> None:
    path = ".github/workflows/ci.yml"
    (finding,) = lint(tree_of(Example({path: "a: ["}, target=target)), RULES).findings
    assert finding.message.endswith(f": {said}")


def test_a_script_with_an_empty_first_line() -> None:
    text = f"name: CI\non: push\n{JOB}".replace("run: make", "run: |\n\n          make")
    assert found(text) == [("GT012", 7)]
    assert found(text.replace("|\n\n", "|\n          a\n\n")) == []


def test_no_rule_falls_over_a_workflow_of_odd_shapes() -> None:
    odd = ["a", "[a]", "{a: b}", "[[a]]", "[{a: b}]", "{a: [b]}", "", "1", "!!binary x"]
    keys = ["on", "jobs", "name", "env", "concurrency", "permissions", "run-name"]
    inner = ["runs-on", "steps", "strategy", "uses", "env", "timeout-minutes", "environment"]
    for value in odd:
        for key in keys:
            assert isinstance(found(f"name: CI\non: push\n{key}: {value}\n{JOB}"), list)
        for key in inner:
            text = f"name: CI\non: push\njobs:\n  a:\n    {key}: {value}\n"
            assert parse(text.encode()) is not None
            assert isinstance(found(text), list)
