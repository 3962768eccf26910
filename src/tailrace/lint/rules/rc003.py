"""RC003: a required workflow with path filters."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.contexts import ON_PULL_REQUESTS, contexts
from tailrace.lint.facts import requiring, unprotected
from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree
from tailrace.model import ForgeKind


def _holds(target: Target) -> bool:
    return target.kind is not ForgeKind.GITEA or target.is_gitea(before="1.27")


def _check(tree: Tree) -> Iterator[Finding]:
    required = tree.facts.required if tree.facts else None
    if required is None or not required.enabled:
        return
    seen: set[tuple[str, str]] = set()
    for one in contexts(tree.active(), tree.target):
        event = one.workflow.event(one.event)
        if one.event not in ON_PULL_REQUESTS or event is None or event.filters is None:
            continue
        if required.contexts and not any(one.is_meant_by(wanted) for wanted in required.contexts):
            continue
        for key in ("paths", "paths-ignore"):
            entry = event.filters.entry(key)
            if entry is not None and (one.workflow.path, key) not in seen:
                seen.add((one.workflow.path, key))
                yield at(
                    "RC003",
                    one.workflow.path,
                    entry.key,
                    f"a required check has `{key}`: where no path matches, a merge waits for ever",
                    "run it always; let a first job find out what changed, with `if` on the rest",
                )


_FILE = ".gitea/workflows/ci.yml"
_TEXT = (
    "name: CI\non:\n  pull_request:\n    paths: [src/**]\njobs:\n  test:\n    name: test\n"
    "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
)


RULE = Rule(
    id="RC003",
    title="a required check has a path filter",
    rationale="Where the filter leaves it out no status is posted, and the merge waits for ever.",
    source="go-gitea/gitea#36895; #38237 and #38371: 1.27 posts `skipped` for a required context "
    "that a filter leaves out; docs.github.com, Troubleshooting required status checks",
    holds=_holds,
    holds_for="GitHub, Gitea before 1.27, Forgejo",
    check=_check,
    need=Need.PROTECTION,
    bad=(Example({_FILE: _TEXT}, facts=requiring("CI / test (pull_request)")),),
    good=(
        Example({_FILE: _TEXT}, facts=unprotected()),
        Example({_FILE: _TEXT}, target="gitea@1.27", facts=requiring("CI / test (pull_request)")),
        Example(
            {_FILE: _TEXT.replace("\n    paths: [src/**]", " {}")},
            facts=requiring("CI / test (pull_request)"),
        ),
    ),
)
