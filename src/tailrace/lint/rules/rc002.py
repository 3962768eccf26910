"""RC002: a gate job that is not required."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from tailrace.lint.aggregator import reached
from tailrace.lint.contexts import ON_PULL_REQUESTS, Context, contexts
from tailrace.lint.facts import requiring
from tailrace.lint.finding import Finding, Severity, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree
from tailrace.settings import LintSettings


def _check(tree: Tree) -> Iterator[Finding]:
    required = tree.facts.required if tree.facts else None
    if required is None or not required.enabled or not required.contexts:
        # An empty list means that all statuses have to pass.
        return
    produced = [
        one for one in contexts(tree.active(), tree.target) if one.event in ON_PULL_REQUESTS
    ]
    gates = [one for one in produced if _is_required(one, required.contexts)]
    for one in produced:
        if one in gates or any(_stands_for(gate, one) for gate in gates):
            continue
        if any(fnmatchcase(one.text, glob) for glob in tree.settings.optional_contexts):
            continue
        yield at(
            "RC002",
            one.workflow.path,
            one.job.id,
            f"{one.text!r} runs on pull requests, and no rule requires it",
            f"require it in the rule {required.rule!r}, or name it in `optional-contexts`",
        )


def _is_required(context: Context, required: tuple[str, ...]) -> bool:
    return any(context.is_meant_by(wanted) for wanted in required)


def _stands_for(gate: Context, other: Context) -> bool:
    same = gate.workflow is other.workflow and gate.event == other.event
    return same and other.job.id.value in reached(gate.workflow, gate.job)


_FILE = ".gitea/workflows/ci.yml"
_JOB = "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
_TEXT = (
    "name: CI\non:\n  pull_request: {}\njobs:\n"
    f"  test:\n    name: test\n{_JOB}  lint:\n    name: lint\n{_JOB}"
)
_NEEDS = _TEXT.replace("    name: lint\n", "    name: lint\n    needs: test\n")


RULE = Rule(
    id="RC002",
    title="a job runs on pull requests, and nothing requires it",
    rationale="It looks like a gate and is none: a merge goes through while it is red.",
    source="docs.gitea.com, Protected branches: only the contexts that are listed have to pass",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    severity=Severity.WARNING,
    need=Need.PROTECTION,
    bad=(Example({_FILE: _TEXT}, facts=requiring("CI / test (pull_request)")),),
    good=(
        Example({_FILE: _TEXT}, facts=requiring("CI / *")),
        Example({_FILE: _TEXT}, facts=requiring()),
        Example({_FILE: _NEEDS}, facts=requiring("CI / lint (pull_request)")),
        Example(
            {_FILE: _TEXT},
            facts=requiring("CI / test (pull_request)"),
            settings=LintSettings(optional_contexts=("CI / lint*",)),
        ),
    ),
)
