"""RC004: a required context of another event than the pull request."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.contexts import ON_PULL_REQUESTS, contexts
from tailrace.lint.facts import requiring
from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree
from tailrace.model import ForgeKind


def _holds(target: Target) -> bool:
    return target.kind is not ForgeKind.GITHUB


def _check(tree: Tree) -> Iterator[Finding]:
    required = tree.facts.required if tree.facts else None
    if required is None or not required.enabled:
        return
    produced = list(contexts(tree.active(), tree.target))
    for wanted in required.contexts:
        found = [one for one in produced if one.is_meant_by(wanted)]
        if any(one.event in ON_PULL_REQUESTS for one in found):
            continue
        near = next(iter(found), None) or next(
            (one for one in produced if one.differs_in_event_only(wanted)), None
        )
        if near is None:
            continue
        event = near.workflow.event(near.event)
        node = event.name if event is not None else near.job.id
        yield at(
            "RC004",
            near.workflow.path,
            node,
            f"{wanted[:100]!r} is required, and no pull request produces it",
            f"add `pull_request:` to `on`, and require '{near.workflow.shown_name} / ... "
            "(pull_request)'",
        )


_FILE = ".gitea/workflows/ci.yml"
_REST = (
    "jobs:\n  test:\n    name: test\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
)
_PUSH = f"name: CI\non:\n  push: {{}}\n{_REST}"
_PULL = f"name: CI\non:\n  pull_request: {{}}\n{_REST}"


RULE = Rule(
    id="RC004",
    title="a required context lacks the pull request's event",
    rationale="The event is part of the context: what a push made does not count for a pull request"
    " of a fork, and a context of an event that never happens is waited for for ever.",
    source="go-gitea/gitea#35699: the context ends with the event in parentheses",
    holds=_holds,
    holds_for="Gitea, Forgejo",
    check=_check,
    need=Need.PROTECTION,
    bad=(
        Example({_FILE: _PUSH}, facts=requiring("CI / test (push)")),
        Example({_FILE: _PUSH}, facts=requiring("CI / test (pull_request)")),
    ),
    good=(
        Example({_FILE: _PULL}, facts=requiring("CI / test (pull_request)")),
        Example({_FILE: _PULL}, facts=requiring("CI / test*")),
    ),
)
