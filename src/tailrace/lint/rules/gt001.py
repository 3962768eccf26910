"""GT001: inputs of workflow_dispatch, which cost the whole file."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree


def _holds(target: Target) -> bool:
    # Forgejo has a button and inputs of its own, which did not come from Gitea.
    if target.is_forgejo():
        return target.is_forgejo(before="8")
    return target.is_gitea(before="1.23")


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        event = workflow.event("workflow_dispatch")
        entry = event.filters.entry("inputs") if event is not None and event.filters else None
        if entry is not None:
            yield at(
                "GT001",
                workflow.path,
                entry.key,
                f"{tree.target} cannot read the inputs of workflow_dispatch, and drops the file",
                "take the value from a tag or from a committed file",
            )


_HEAD = "name: CI\non:\n  workflow_dispatch:"
_JOBS = "jobs:\n  a:\n    name: a\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
_TYPED = f"{_HEAD}\n    inputs:\n      version:\n        type: string\n{_JOBS}"

RULE = Rule(
    id="GT001",
    title="workflow_dispatch has inputs, which the target cannot read",
    rationale="`on` takes texts and lists there and no mapping: the file is dropped for all of its "
    "events, push as well, and only the server's log says so.",
    source="go-gitea/gitea#28163: workflow_dispatch with inputs arrives in 1.23; #30351 and act "
    "v0.259.1 (that of 1.22.6), pkg/jobparser/model.go, ParseRawOn: unknown on type; "
    "forgejo.org/docs, user/actions/reference: on.workflow_dispatch (forgejo/forgejo#3334, in 8.0)",
    holds=_holds,
    holds_for="Gitea before 1.23, Forgejo before 8",
    check=_check,
    bad=(
        Example({".gitea/workflows/ci.yml": _TYPED}),
        Example({".forgejo/workflows/ci.yml": _TYPED}, target="forgejo@7"),
    ),
    good=(
        Example({".gitea/workflows/ci.yml": f"{_HEAD} {{}}\n{_JOBS}"}),
        Example({".gitea/workflows/ci.yml": _TYPED}, target="gitea@1.24"),
        Example({".forgejo/workflows/ci.yml": _TYPED}, target="forgejo@8"),
    ),
)
