"""RC007: a matrix context that is required by its literal name."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.contexts import contexts
from tailrace.lint.facts import requiring
from tailrace.lint.finding import Finding, Severity, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree


def _check(tree: Tree) -> Iterator[Finding]:
    required = tree.facts.required if tree.facts else None
    if required is None or not required.enabled:
        return
    produced = [one for one in contexts(tree.active(), tree.target) if one.is_matrix]
    for wanted in required.contexts:
        if any(mark in wanted for mark in "*?["):
            continue
        one = next((one for one in produced if one.is_meant_by(wanted)), None)
        if one is not None:
            yield at(
                "RC007",
                one.workflow.path,
                one.job.id,
                f"{wanted[:100]!r} is one cell of a matrix: a change of it blocks every merge",
                "require one job that needs the whole matrix instead",
            )


_FILE = ".gitea/workflows/ci.yml"
_TEXT = (
    "name: CI\non:\n  pull_request: {}\njobs:\n  test:\n    name: test\n    strategy:\n"
    "      matrix:\n        python: ['3.11', '3.12']\n"
    "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
)


RULE = Rule(
    id="RC007",
    title="a matrix is required by the names of its cells",
    rationale="When a version is added it is not required, and when one goes every merge waits.",
    source="docs.gitea.com, Protected branches: required contexts match as globs",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    severity=Severity.WARNING,
    need=Need.PROTECTION,
    bad=(Example({_FILE: _TEXT}, facts=requiring("CI / test (3.11) (pull_request)")),),
    good=(
        Example({_FILE: _TEXT}, facts=requiring("CI / test (*) (pull_request)")),
        Example({_FILE: _TEXT}, facts=requiring("CI / *")),
    ),
)
