"""GT010: workflows without a name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tailrace.lint.finding import Edit, Finding, at
from tailrace.lint.node import Scalar, is_null
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Workflow
from tailrace.settings import Severity

_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][\w.-]*", re.IGNORECASE)


def is_unnamed(workflow: Workflow) -> bool:
    """Whether a forge finds no name in it."""
    name = workflow.name
    return name is None or is_null(name) or not name.value.strip()


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        if not workflow.events or not is_unnamed(workflow):
            continue
        # What is only called shows under its caller's name.
        if all(event.name.value == "workflow_call" for event in workflow.events):
            continue
        entry, edit = workflow.root.entry("name"), _edit(workflow)
        yield at(
            "GT010",
            workflow.path,
            workflow.root.entries[0].key if entry is None else entry.key,
            "this workflow has no name: what its contexts begin with depends on the version",
            f"name: {workflow.file_name.rpartition('.')[0][:60]}",
            *(() if edit is None else (edit,)),
        )


def _edit(workflow: Workflow) -> Edit | None:
    stem = workflow.file_name.rpartition(".")[0]
    text = stem if _PLAIN.fullmatch(stem) else json.dumps(stem)
    entry, start = workflow.root.entry("name"), workflow.root.span[0]
    if entry is None:
        # Where an anchor or a tag stands before the first key, nothing may come between them.
        is_block = workflow.root.start.column == 1 and workflow.text[start] not in "{&!"
        ending = "\r\n" if workflow.lines[0].endswith("\r") else "\n"
        return Edit(start, start, f"name: {text}{ending}") if is_block else None
    value = entry.value
    # An alias stands elsewhere.
    if not isinstance(value, Scalar) or value.is_block or value.start.line != entry.key.start.line:
        return None
    begin, end = value.span
    # An anchor that goes may be named below.
    if workflow.text[begin : begin + 1] in ("&", "!"):
        return None
    return Edit(begin, end, text if workflow.text[begin - 1] == " " else f" {text}")


def _example(name: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": f"{name}on: [push]\njobs:\n  a:\n    name: a\n"
            "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
        },
        target=target,
    )


RULE = Rule(
    id="GT010",
    title="A workflow has no name",
    rationale="Its contexts begin with nothing up to 1.26 (`/ test (push)`) and with the file's "
    "name from then on: what branch protection requires breaks with an update or a renamed file.",
    source="go-gitea/gitea#37834 (merged in May 2026): without `name:` the context takes the "
    "file's name instead of being empty",
    holds=lambda target: target.is_gitea(),
    holds_for="Gitea, Forgejo",
    check=_check,
    severity=Severity.WARNING,
    bad=(_example(""), _example("name:\n"), _example('name: ""\n')),
    good=(_example("name: CI\n"), _example("", "github")),
)
