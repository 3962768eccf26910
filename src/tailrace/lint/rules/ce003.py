"""CE003: continue-on-error taken away without proof."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.contexts import contexts
from tailrace.lint.facts import Facts
from tailrace.lint.finding import Finding, Severity, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tracking import is_true
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Job, Workflow
from tailrace.settings import LintSettings


def _check(tree: Tree) -> Iterator[Finding]:
    before = {workflow.path: workflow for workflow in tree.before or ()}
    for workflow in tree.active():
        old = before.get(workflow.path)
        if old is None:
            continue
        for job in workflow.jobs:
            earlier = old.job(job.id.value)
            if earlier is None or not _softened(earlier) or _softened(job):
                continue
            green = _green_runs(tree, workflow, job)
            if green < tree.settings.green_runs:
                yield at(
                    "CE003",
                    workflow.path,
                    job.id,
                    f"{job.id.value} loses its continue-on-error with {green} green runs in a row",
                    f"wait for {tree.settings.green_runs} on the default branch",
                )


def _softened(job: Job) -> bool:
    nodes = [job.node, *(step.node for step in job.steps)]
    return any(is_true(node.text("continue-on-error")) for node in nodes)


def _green_runs(tree: Tree, workflow: Workflow, job: Job) -> int:
    """How many of the newest commits have this job green, up to the first that has not."""
    mine = [
        context
        for context in contexts([workflow], tree.target)
        if context.job.id.value == job.id.value
    ]
    count = 0
    for states in tree.facts.statuses or () if tree.facts else ():
        found = [
            state
            for name, state in states.items()
            if any(context.is_meant_by(name) for context in mine)
        ]
        if not found or any(state != "success" for state in found):
            break
        count += 1
    return count


_FILE = ".gitea/workflows/ci.yml"
_AFTER = (
    "name: CI\non:\n  push: {}\njobs:\n  test:\n    name: test\n    runs-on: ubuntu-latest\n"
    "    steps:\n      - run: make\n"
)
_BEFORE = f"{_AFTER}        continue-on-error: true\n"
_TWO = LintSettings(green_runs=2)


def _example(before: str, *states: str) -> Example:
    facts = Facts("main", statuses=tuple({"CI / test (push)": state} for state in states))
    return Example({_FILE: _AFTER}, before={_FILE: before}, facts=facts, settings=_TWO)


RULE = Rule(
    id="CE003",
    title="continue-on-error goes without enough green runs",
    rationale="A step that still fails now and then blocks everybody from the day of the merge.",
    source="the catalogue; forge contract: the checks of a commit show as statuses. A step that"
    " failed under continue-on-error is green there, so this is the least that can be asked",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    severity=Severity.WARNING,
    need=Need.STATUSES,
    also=Need.DIFF,
    bad=(_example(_BEFORE, "success", "failure"), _example(_BEFORE)),
    good=(_example(_BEFORE, "success", "success"), _example(_AFTER)),
)
