"""GT007: runs-on with more than labels."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Node, Scalar, Sequence
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree


def _is_complex(node: Node) -> bool:
    if isinstance(node, Sequence):
        return any(not isinstance(item, Scalar) for item in node.items)
    return not isinstance(node, Scalar)


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        for job in workflow.jobs:
            entry = job.node.entry("runs-on")
            if entry is not None and _is_complex(entry.value):
                yield at(
                    "GT007",
                    workflow.path,
                    entry.key,
                    f"{tree.target} takes labels only: `runs-on: x` or `runs-on: [x]`",
                    "name the labels of the runners in that group",
                )


def _example(runs_on: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            f"    runs-on: {runs_on}\n    steps:\n      - run: make\n"
        },
        target=target,
    )


RULE = Rule(
    id="GT007",
    title="runs-on is more than labels",
    rationale="A group means nothing to the target: no runner takes the job, or any does.",
    source="docs.gitea.com/1.22 to /1.27, usage/actions/comparison: Complex runs-on",
    holds=lambda target: target.is_gitea(),
    holds_for="Gitea, Forgejo",
    check=_check,
    bad=(_example("{group: big}"), _example("{group: big, labels: [x]}", "gitea@1.27")),
    good=(
        _example("[self-hosted, big]"),
        _example("${{ matrix.os }}"),
        _example("{group: big}", "github"),
    ),
)
