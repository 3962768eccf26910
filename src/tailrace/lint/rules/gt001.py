"""GT001: inputs of workflow_dispatch."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree


def _holds(target: Target) -> bool:
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
                f"{tree.target} ignores the inputs of workflow_dispatch",
                "take the value from a tag or from a committed file",
            )


_HEAD = "name: CI\non:\n  workflow_dispatch:"
_JOBS = "jobs:\n  a:\n    name: a\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"

RULE = Rule(
    id="GT001",
    title="workflow_dispatch has inputs, which the target ignores",
    rationale="The run starts with every input empty, and nobody is told.",
    source="go-gitea/gitea#28163: workflow_dispatch with inputs arrives in 1.23",
    holds=_holds,
    holds_for="Gitea before 1.23, Forgejo",
    check=_check,
    bad=(
        Example(
            {
                ".gitea/workflows/ci.yml": f"{_HEAD}\n    inputs:\n      version:\n"
                f"        type: string\n{_JOBS}"
            }
        ),
    ),
    good=(
        Example({".gitea/workflows/ci.yml": f"{_HEAD} {{}}\n{_JOBS}"}),
        Example(
            {".gitea/workflows/ci.yml": f"{_HEAD}\n    inputs:\n      version: {{}}\n{_JOBS}"},
            target="gitea@1.24",
        ),
    ),
)
