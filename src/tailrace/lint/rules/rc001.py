"""RC001: a required context that nobody produces."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from tailrace.lint.contexts import contexts
from tailrace.lint.facts import Facts, RequiredChecks, requiring, unprotected
from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Position
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree
from tailrace.model import ForgeKind


def _check(tree: Tree) -> Iterator[Finding]:
    required = tree.facts.required if tree.facts else None
    if required is None or not required.enabled:
        return
    produced = list(contexts(tree.active(), tree.target))
    for wanted in required.contexts:
        if any(one.is_meant_by(wanted) or one.differs_in_event_only(wanted) for one in produced):
            continue
        if _is_anothers(tree, wanted):
            continue
        close = get_close_matches(wanted, [one.text for one in produced], n=1, cutoff=0.0)
        near = next((one for one in produced if close and one.text == close[0]), None)
        fact = f"branch protection requires {wanted[:100]!r}, which no workflow produces"
        step = f"take it out of the rule {required.rule!r}"
        if near is not None:
            step = f"require {near.text!r} instead, or {step}"
            yield at("RC001", near.workflow.path, near.job.id, fact, step)
            continue
        # No workflow runs on what a merge waits for: the folder stands for them all.
        start, end = Position(1, 1), Position(1, 2)
        path = next((one.path for one in tree.active()), tree.target.folders[0])
        yield Finding("RC001", path, start, end, fact, f"let a workflow produce it, or {step}")


def _is_anothers(tree: Tree, wanted: str) -> bool:
    """Whether something that is no workflow posts it: what a Gitea makes of one has a ` / `."""
    if tree.target.kind is ForgeKind.GITHUB or " / " in wanted or tree.facts is None:
        return False
    return any(fnmatchcase(name, wanted) for one in tree.facts.statuses or () for name in one)


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
    bad=(
        Example({_FILE: _TEXT}, facts=requiring("CI / tests (pull_request)", "CI / test*")),
        Example({_FILE: _TEXT.replace("pull_request", "schedule")}, facts=requiring("CI / test")),
        Example({}, facts=requiring("CI / test (pull_request)")),
    ),
    good=(
        Example({_FILE: _TEXT}, facts=requiring("CI / test (pull_request)")),
        Example({_FILE: _TEXT}, facts=requiring("CI / *")),
        Example({_FILE: _TEXT}, facts=unprotected()),
        Example(
            {_FILE: _TEXT},
            facts=Facts(
                "main",
                required=RequiredChecks("main", enabled=True, contexts=("jenkins", "CI / *")),
                protection_read=True,
                statuses=({"jenkins": "success"},),
            ),
        ),
        Example(
            {
                ".github/workflows/ci.yml": "on: [pull_request]\njobs:\n"
                "  call:\n    uses: ./.github/workflows/build.yml\n"
            },
            target="github",
            facts=requiring("call / build"),
        ),
    ),
)
