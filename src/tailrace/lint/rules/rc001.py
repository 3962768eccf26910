"""RC001: a required context that nobody produces."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tailrace.lint.contexts import contexts
from tailrace.lint.facts import requiring, unprotected
from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree


def _check(tree: Tree) -> Iterator[Finding]:
    required = tree.facts.required if tree.facts else None
    if required is None or not required.enabled:
        return
    produced = list(contexts(tree.active(), tree.target))
    for wanted in required.contexts:
        if any(one.is_meant_by(wanted) or one.differs_in_event_only(wanted) for one in produced):
            continue
        close = get_close_matches(wanted, [one.text for one in produced], n=1, cutoff=0.0)
        near = next((one for one in produced if close and one.text == close[0]), None)
        if near is None:
            continue
        yield at(
            "RC001",
            near.workflow.path,
            near.job.id,
            f"branch protection requires {wanted[:100]!r}, which no workflow produces",
            f"require {near.text!r} instead, or take it out of the rule {required.rule!r}",
        )


_FILE = ".gitea/workflows/ci.yml"
_TEXT = (
    "name: CI\non:\n  pull_request: {}\njobs:\n  test:\n    name: test\n"
    "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
)


RULE = Rule(
    id="RC001",
    title="a required context that nobody produces",
    rationale="A merge waits for it for ever, or somebody switches the protection off.",
    source="go-gitea/gitea#35699: contexts are `{workflow} / {job} ({event})`, matched as globs",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    need=Need.PROTECTION,
    bad=(Example({_FILE: _TEXT}, facts=requiring("CI / tests (pull_request)", "CI / test*")),),
    good=(
        Example({_FILE: _TEXT}, facts=requiring("CI / test (pull_request)")),
        Example({_FILE: _TEXT}, facts=requiring("CI / *")),
        Example({_FILE: _TEXT}, facts=unprotected()),
    ),
)
