"""Odd workflows, and what the rules on security say of them, with lines."""

from __future__ import annotations

import time

import pytest
from tests.lint.trees import tree_of
from tests.workflows.test_render import ALL

from tailrace.lint.engine import lint
from tailrace.lint.rule import Example
from tailrace.lint.rules import all_rules
from tailrace.settings import LintSettings
from tailrace.workflows.render import Generated

RULES = [rule for rule in all_rules() if rule.family in ("SE", "SH")]
SECURITY = [rule for rule in RULES if rule.family == "SE"]
SETTINGS = LintSettings(denied_env=("DENIED",), docker_labels=("docker",))
HEAD = "on: [push]\njobs:\n  a:\n    runs-on: docker\n"
SHA = "0123456789abcdef" * 2 + "01234567"
PULL = "github.event.pull_request"
CHECKOUT = f"https://x.example/actions/checkout@{SHA}\n        with:\n"


def found(text: str, path: str = ".gitea/workflows/ci.yml") -> list[tuple[str, int]]:
    linted = lint(tree_of(Example({path: text}, settings=SETTINGS)), SECURITY)
    return [(one.rule, one.start.line) for one in linted.findings]


def ran(script: str, more: str = "") -> list[tuple[str, int]]:
    """Findings, with lines of the script from 1."""
    lines = "".join(f"          {line}\n" for line in script.split("\n"))
    text = f"{HEAD}    steps:\n      - run: |\n{lines}{more}"
    return [(rule, line - 6) for rule, line in found(text)]


@pytest.mark.parametrize(
    "context",
    [
        "github.event.issue.title",
        "gitea.event.pull_request.body",
        "GITHUB.event.comment.body",
        "github.head_ref",
        "github['head_ref']",
        "github.event['pull_request'].head.ref",
        "github.event.pull_request.head.label",
        "github.event.pull_request.head.repo.default_branch",
        "github.event.commits[0].message",
        "github.event.commits.*.author.name",
        "github.event.head_commit.author.email",
        "github.event.pages[github.x].page_name",
        "github.event.review.body",
        "github.event.workflow_run.head_branch",
        "toJSON(github.event)",
        "format('{0}', github.event.issue.title)",
        "contains(github.head_ref, 'x') && github.head_ref",
        "github.head_ref || 'main'",
    ],
)
def test_untrusted(context: str) -> None:
    assert ran(f"a\n# b ${{{{ {context} }}}}\nc") == [("SE001", 2)]


@pytest.mark.parametrize(
    "context",
    [
        "github.event.pull_request.number",
        "github.event.pull_request.head.sha",
        "github.event.repository.default_branch",
        "github.event.inputs.title",
        "inputs.body",
        "contains(github.event.issue.title, 'a')",
        "startsWith( format('{0}', github.head_ref) , 'b')",
        "github.event_name",
        "github.base_ref",
        "'github.head_ref'",
        "env.TITLE",
        "mygithub.head_ref",
    ],
)
def test_trusted(context: str) -> None:
    assert ran(f"echo ${{{{ {context} }}}}") == []


def test_a_composite_action_has_scripts_too() -> None:
    action = "runs:\n  using: composite\n  steps:\n    - run: echo ${{ github.head_ref }}\n"
    assert found(f"{action}      shell: bash\n", ".ci/x/action.yml") == [("SE001", 4)]


@pytest.mark.parametrize(
    ("event", "step", "line"),
    [
        ("pull_request_target", "run: git fetch origin pull/${{ github.event.number }}/head", 6),
        ("pull_request_target", "run: git checkout ${{ github.event.pull_request.head.sha }}", 6),
        ("pull_request_target", "run: tea pr checkout 3", 6),
        ("workflow_run", "run: gh pr checkout 3", 6),
        ("pull_request", "run: gh pr checkout 3", None),
        ("pull_request_target", "run: git fetch origin main", None),
        ("pull_request_target", "run: echo ${{ github.event.pull_request.head.sha }}", None),
        (
            "pull_request_target",
            f"uses: {CHECKOUT}          repository: ${{{{ {PULL}.head.repo.full_name }}}}",
            8,
        ),
        (
            "pull_request_target",
            f"uses: actions/checkout@{SHA}\n        with:\n          ref: refs/pull/${{{{ x }}}}/m",
            8,
        ),
    ],
)
def test_the_head_where_secrets_are(event: str, step: str, line: int | None) -> None:
    text = f"on: {event}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {step}\n"
    assert found(text) == ([] if line is None else [("SE002", line)])


@pytest.mark.parametrize(
    ("job", "line"),
    [
        ("    steps:\n      - uses: actions/checkout@v4\n", 6),
        ("    steps:\n      - uses: a/b/c@main\n", 6),
        ("    steps:\n      - uses: a/b\n", 6),
        ("    steps:\n      - uses: https://x.example/a/b@v1\n", 6),
        (f"    steps:\n      - uses: https://x.example/a/b@{SHA}\n", None),
        (f"    steps:\n      - uses: a/b@{SHA[:-1]}\n", 6),
        ("    steps:\n      - uses: docker://a:1\n", 6),
        (f"    steps:\n      - uses: docker://a@sha256:{'1' * 64}\n", None),
        ("    steps:\n      - uses: ./a\n", None),
        ("    uses: a/b/.gitea/workflows/c.yml@v1\n", 5),
        ("    container: a:1\n", 5),
        ("    container: ${{ matrix.image }}\n", None),
        ("    container:\n      image: a\n", 6),
        ("    services:\n      a:\n        image: b:1\n", 7),
        ("    services:\n      a: {}\n", None),
    ],
)
def test_pins(job: str, line: int | None) -> None:
    assert found(HEAD + job) == ([] if line is None else [("SE003", line)])


SECRET = "        env:\n          PASS: ${{ secrets.P }}\n"
UPLOAD = (
    f"      - uses: a/upload-artifact@{SHA}\n        with:\n          path: |\n            ./out\n"
)


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ('a\necho "X=$GITEA_TOKEN" >> "$GITHUB_ENV"', 2),
        ("echo X=${GITHUB_TOKEN:-} >>${GITHUB_OUTPUT}", 1),
        ('echo "DENIED=1" | tee -a "$GITHUB_ENV"', 1),
        ("cat <<E >> $GITHUB_ENV\nX=$PASS\nE", 1),
        ("{\n  echo a\n  echo X=$PASS\n} >> $GITHUB_STEP_SUMMARY", 3),
        ('printf "%s" "$PASS" | base64', 1),
        ("echo '${{ secrets.X }}'", 1),
        ("echo ${{ github.token }} >&2", 1),
        ("printenv GITEA_TOKEN", 1),
        ("echo $PASS > out/login", 1),
        ("echo $PASS | tee out", 1),
    ],
)
def test_a_token_that_is_written(script: str, line: int) -> None:
    assert ran(script, SECRET + UPLOAD) == [("SE004", line)]


@pytest.mark.parametrize(
    "script",
    [
        'echo "::add-mask::$PASS"',
        'echo "$PASS" | docker login --password-stdin',
        "echo '$PASS'",
        "echo ${#PASS} ${PASS:+set}",
        'echo "$(sum "$PASS")"',
        "x=$(echo $PASS)",
        "echo $PASS > login",
        "echo $PASS > /dev/null",
        "{ echo $PASS; } > login",
        "echo $PASSWORDS",
        "cat <<'E'\n$PASS\nE",
        "echo ${{ secrets.X != '' }}",
        'curl -H "Authorization: token $GITEA_TOKEN" u | tee log',
        '[ -n "$PASS" ] || echo "no PASS"',
        "echo DENIED=1 > x",
        "# echo $PASS",
    ],
)
def test_a_token_that_stays(script: str) -> None:
    assert ran(script, SECRET + UPLOAD) == []


@pytest.mark.parametrize(
    ("job", "line"),
    [
        ("    runs-on: x\n    steps:\n      - run: docker build .\n", 4),
        ("    runs-on: x\n    steps:\n      - run: a && A=1 sudo podman pull b\n", 4),
        ("    runs-on: x\n    steps:\n      - run: x=$(docker ps)\n", 4),
        (f"    runs-on: x\n    steps:\n      - uses: docker/build-push-action@{SHA}\n", 4),
        ("    runs-on: x\n    steps:\n      - run: ls /var/run/docker.sock\n", 4),
        ("    runs-on: x\n    steps:\n      - run: cat docker.md mydocker docker-notes\n", None),
        ("    runs-on: x\n    steps:\n      - run: echo 'docker build'\n", None),
        ("    runs-on: ${{ matrix.on }}\n    steps:\n      - run: docker build .\n", None),
        ("    runs-on: [a, docker]\n    steps:\n      - run: docker build .\n", None),
        ("    runs-on: docker\n    steps:\n      - run: DOCKER_HOST=$H docker ps\n", 6),
        ("    runs-on: docker\n    steps:\n      - run: DOCKER_HOST=tcp://a:2376 docker p\n", None),
        ("    env:\n      DOCKER_HOST: a\n    runs-on: docker\n    steps: [{run: docker p}]\n", 5),
    ],
)
def test_docker(job: str, line: int | None) -> None:
    assert found(f"on: [push]\njobs:\n  a:\n{job}") == ([] if line is None else [("SE005", line)])


@pytest.mark.parametrize("workflow", ALL, ids=[one.path for one in ALL])
def test_what_is_generated_is_clean(workflow: Generated) -> None:
    target = workflow.path.removeprefix(".").partition("/")[0]
    example = Example({workflow.path: workflow.text}, target=target, settings=SETTINGS)
    linted = lint(tree_of(example), RULES)
    assert (linted.files, linted.findings) == (1, ())


@pytest.mark.parametrize(
    "piece",
    ["${{", "${{ contains(", "echo $PASS;", ";a=", "\n", "git ", "a|", "{ echo $PASS;", "[x", "x."],
)
def test_hostile_scripts_end(piece: str) -> None:
    begun = time.monotonic()
    ran(piece * 10_000 + " }}", SECRET)
    assert time.monotonic() - begun < 20
