"""GT002: events that the target does not know."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import is_null
from tailrace.lint.rule import Example, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree

#: What Gitea 1.22 starts workflows on; `workflow_call` is called, never sent.
_KNOWN = frozenset(
    (
        "create", "delete", "fork", "gollum", "issue_comment", "issues", "pull_request",
        "pull_request_comment", "pull_request_review", "pull_request_review_comment",
        "pull_request_target", "push", "registry_package", "release", "schedule",
        "workflow_call",
    )
)  # fmt: skip
#: Before 1.23 nothing sends it either, but there is no button that would seem to: see GT001.
_BY_HAND = "workflow_dispatch"
#: What came later, and when.
_SINCE = {"workflow_run": "1.25"}
_STEPS = {
    "merge_group": "there is no merge queue: pull_request and push have what it would check",
    "repository_dispatch": "push to a branch, or commit a file that the other repository reads",
    "workflow_run": "make it a job of that workflow, with needs",
}


def _is_known(event: str, target: Target) -> bool:
    since = _SINCE.get(event)
    return (
        event in _KNOWN or event == _BY_HAND or (since is not None and target.is_gitea(since=since))
    )


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        # `on:` without a value is GT012's.
        events = [one for one in workflow.events if not is_null(one.name)]
        unknown = [one for one in events if not _is_known(one.name.value, tree.target)]
        alone = len(unknown) == len(events)
        for event in unknown:
            name = event.name.value
            yield at(
                "GT002",
                workflow.path,
                event.name,
                f"{tree.target} never sends the event {name[:60]!a}"
                + (": this workflow never starts" if alone else "; only the others start this"),
                _STEPS.get(name, "use an event that the target has, or take it away"),
            )


def _example(events: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": f"name: CI\non: {events}\njobs:\n  a:\n    name: a\n"
            "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
        },
        target=target,
    )


_AFTER = "\n  workflow_run:\n    workflows: [Build]"

RULE = Rule(
    id="GT002",
    title="An event that the target never sends",
    rationale="The file is taken, no run ever starts, and nobody is told.",
    source="docs.gitea.com/1.22, usage/actions/faq: What workflow trigger events does Gitea "
    "support? (go-gitea/gitea#25582); repository_dispatch: #24132, still open; workflow_run: "
    "#24898, runs on 1.25 (#36454)",
    holds=lambda target: target.is_gitea(),
    holds_for="Gitea (workflow_run: before 1.25), Forgejo",
    check=_check,
    bad=(
        _example("[merge_group]"),
        _example("[push, repository_dispatch]"),
        _example(_AFTER, "gitea@1.24"),
    ),
    good=(
        _example("[pull_request, push, schedule]"),
        _example(_AFTER, "gitea@1.25"),
        _example("[merge_group]", "github"),
    ),
)
