"""SE002: a stranger's commit, checked out where the secrets are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding
from tailrace.lint.node import Scalar
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import in_value
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Step, Workflow

_EVENTS = ("pull_request_target", "workflow_run")
_CHECKOUT = re.compile(r"(?:^|/)checkout@")
_EVENT = r"\b(?:github|gitea|forgejo|forge)\."
#: Contexts that name the head of a pull request, or its merge with the base.
_HEAD = re.compile(
    rf"\$\{{\{{[^}}]{{0,300}}{_EVENT}(?:head_ref|event\.pull_request\.(?:head\.|merge_commit_sha)"
    r"|event\.workflow_run\.(?:head_|pull_requests))"
    rf"|refs/pull/(?:\$|[0-9])|(?:^|[\s:+])pull/(?:\$\{{\{{[^}}]{{0,200}}\}}\}}|\S+)/(?:head|merge)\b",
)
_FETCH = re.compile(r"\bgit\s+(?:\S+\s+){0,6}?(?:checkout|switch|fetch|pull|reset|merge|clone)\b")
_TOOL = re.compile(r"\b(?:gh\s+pr|tea\s+(?:pr|pulls?))\s+(?:checkout|co)\b")


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        event = next((name for name in _EVENTS if workflow.event(name)), None)
        if event is not None:
            for _, step in workflow.steps():
                yield from _heads(workflow, step, event)


def _heads(workflow: Workflow, step: Step, event: str) -> Iterator[Finding]:
    for scalar, offset in _places(step):
        yield in_value(
            "SE002",
            workflow,
            scalar,
            offset,
            f"{event} has the secrets, and here it takes the code of the pull request",
            "check out the base only, or let `pull_request` run the code, without secrets",
        )


def _places(step: Step) -> Iterator[tuple[Scalar, int]]:
    if step.uses is not None and step.inputs is not None and _CHECKOUT.search(step.uses.value):
        for name in ("ref", "repository"):
            scalar = step.inputs.text(name)
            found = _HEAD.search(scalar.value) if scalar is not None else None
            if scalar is not None and found is not None:
                yield scalar, found.start()
                return
    if step.run is not None:
        offset = 0
        for line in step.run.value.split("\n"):
            if _TOOL.search(line) or (_FETCH.search(line) and _HEAD.search(line)):
                yield step.run, offset
            offset += len(line) + 1


def _example(step: str, event: str = "pull_request_target", target: str = "github") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": f"name: CI\non:\n  {event}\n"
            "env:\n  GITHUB_SERVER_URL: https://git.example.com\njobs:\n  a:\n"
            f"    name: a\n    runs-on: ubuntu-latest\n    steps:\n{step}"
        },
        target=target,
    )


_RUN = "workflow_run:\n    workflows: [Build]"
_USES = "      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567\n"
_REF = f"{_USES}        with:\n          ref: "
_SHA = f"{_REF}${{{{ github.event.pull_request.head.sha }}}}\n"

RULE = Rule(
    id="SE002",
    title="The head of a pull request is checked out where secrets are",
    rationale="Such a run has the base repository's token and secrets; its build files are then "
    "the stranger's.",
    source="docs.github.com, Securely using pull_request_target; GitHub Security Lab, Preventing "
    "pwn requests; Gitea has the event too, with the base's secrets",
    holds=lambda target: True,
    holds_for="every target",
    check=_check,
    bad=(
        _example(_SHA, "pull_request_target: {}"),
        _example(_SHA, "pull_request_target: {}", "gitea@1.22.6"),
        _example(f"{_REF}${{{{ github.event.workflow_run.head_sha }}}}\n", _RUN),
        _example('      - run: gh pr checkout "$NUMBER"\n', "pull_request_target: {}"),
    ),
    good=(
        _example(_USES, "pull_request_target: {}"),
        _example(_SHA, "pull_request: {}"),
        _example(f"{_REF}${{{{ github.event.pull_request.base.sha }}}}\n", _RUN),
    ),
)
