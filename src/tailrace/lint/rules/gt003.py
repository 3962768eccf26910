"""GT003: keys that the target ignores, where somebody relies on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tailrace.lint.bounded import is_bounded
from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Entry, Mapping, Scalar, scalars
from tailrace.lint.rule import Example, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Job, Workflow
from tailrace.settings import Severity

#: The first Gitea that knows a key; None: none does yet.
_KNOWN_FROM = {
    "run-name": "1.25",
    "concurrency": "1.26",
    "permissions": "1.26",
    "timeout-minutes": "1.27",
    "continue-on-error": "1.27",
    "environment": None,
}
#: What Forgejo has not taken over at all; `concurrency` and `timeout-minutes` it has by now.
_FORGEJO = ("permissions", "continue-on-error")
_SAYS = {
    "run-name": ("what looks a run up by this name never finds it", "look it up by its commit"),
    "concurrency": ("two of these runs go at once", "let the script claim a lock, such as a tag"),
    "permissions": (
        "strangers' input meets a token that may write",
        "hand the token to no step that reads the event, or move that step to pull_request",
    ),
    "timeout-minutes": (
        "nothing ends this job in time",
        "write `timeout 5m` before the command too, or timeout-minutes in the step",
    ),
    "continue-on-error": ("this job still fails the run", "write it in the step instead"),
    "environment": ("no approval or branch rule is asked", "let only a protected tag start this"),
}
#: Events whose content is a stranger's and whose token is the repository's.
_STRANGERS = ("pull_request_target", "issue_comment", "issues", "workflow_run")
_LOOKED_UP = re.compile(r"\b(inputs|client_payload)\b")


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        found = list(_relied_upon(workflow, workflow.root, None))
        for job in workflow.jobs:
            found += _relied_upon(workflow, job.node, job)
        for entry in found:
            key = entry.key.value
            if _ignores(tree.target, key):
                fact, step = _SAYS[key]
                message = f"{tree.target} ignores `{key}` here: {fact}"
                yield at("GT003", workflow.path, entry.key, message, step)


def _ignores(target: Target, key: str) -> bool:
    if target.is_forgejo():
        return key in _FORGEJO
    return target.is_gitea(before=_KNOWN_FROM[key])


def _relied_upon(workflow: Workflow, node: Mapping, job: Job | None) -> Iterator[Entry]:
    relies: dict[str, Callable[[Entry], bool]] = {
        "concurrency": _is_a_queue,
        "permissions": lambda entry: any(workflow.event(name) for name in _STRANGERS),
    }
    if job is None:
        relies["run-name"] = lambda entry: any(
            _LOOKED_UP.search(scalar.value) for scalar in scalars(entry.value)
        )
    else:
        relies["timeout-minutes"] = lambda entry: not is_bounded(job.steps)
        relies["continue-on-error"] = lambda entry: not _is(entry, "false")
        relies["environment"] = lambda entry: True
    for key, is_relied_upon in relies.items():
        entry = node.entry(key)
        if entry is not None and is_relied_upon(entry):
            yield entry


def _is_a_queue(entry: Entry) -> bool:
    """Runs wait for each other; where the older one is cancelled, only time is saved."""
    if not isinstance(entry.value, Mapping):
        return True
    cancels = entry.value.entry("cancel-in-progress")
    return cancels is None or _is(cancels, "false")


def _is(entry: Entry, text: str) -> bool:
    return isinstance(entry.value, Scalar) and entry.value.value.lower() == text


def _example(
    job: str = "", top: str = "", *, on: str = "[push]", run: str = "make", target: str = "1.22.6"
) -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": f"name: CI\n{top}on: {on}\njobs:\n  a:\n    name: a\n{job}"
            f"    runs-on: ubuntu-latest\n    steps:\n      - run: {run}\n"
        },
        target=target if "@" in target else f"gitea@{target}",
    )


_TIMEOUT = "    timeout-minutes: 5\n"
_READ = "permissions:\n  contents: read\n"
_TARGET = "[pull_request_target]"

RULE = Rule(
    id="GT003",
    title="A key that the target ignores gives false safety",
    rationale="The key says that something cannot happen, and it can. Reported only where that "
    "matters: a queue (`concurrency` that cancels nothing), `permissions` where an event brings "
    "strangers' input, a `run-name` with inputs to find the run by, `timeout-minutes` of a job "
    "whose longer steps have no `timeout` of their own.",
    source="docs.gitea.com/VERSION/usage/actions/comparison, Unsupported workflows syntax, of "
    "1.20 to 1.27; continue-on-error: go-gitea/gitea#38100; forgejo.org/docs, "
    "user/actions/github-actions: Known list of differences, and Forgejo's own warning of a run "
    "with `permissions` (WarningCodePermissions)",
    holds=lambda target: target.is_gitea(),
    holds_for="Gitea: run-name before 1.25, concurrency and permissions before 1.26, a job's "
    "timeout-minutes and continue-on-error before 1.27, environment in every version; Forgejo: "
    "permissions, a job's continue-on-error",
    check=_check,
    severity=Severity.WARNING,
    bad=(
        _example(_TIMEOUT),
        _example(top="concurrency: deploy\n"),
        _example(top=_READ, on=_TARGET),
        _example("    environment: production\n", target="1.27"),
        _example(top=_READ, on=_TARGET, target="forgejo@13"),
    ),
    good=(
        _example(_TIMEOUT, run="timeout 5m make"),
        _example(_TIMEOUT, target="1.27"),
        _example(_TIMEOUT, target="forgejo@13"),
        _example(top="concurrency:\n  group: ci\n  cancel-in-progress: true\n"),
        _example(top=_READ),
        _example(top=_READ, on=_TARGET, target="1.26"),
    ),
)
