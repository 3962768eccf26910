"""GT006: a folder of workflows that another one shadows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree, workflows_folder
from tailrace.lint.workflow import Workflow
from tailrace.settings import Severity

#: A comment near the top that says that a person knows.
_FORGE = r"(?:github|gitea|forgejo)"
_DECLARED = re.compile(
    rf"#.*\b(?:mirror\w*|shadowed|only\s+(?:on|for)\s+{_FORGE}|{_FORGE}[ -]only)\b", re.IGNORECASE
)
_TOP = 10


def _check(tree: Tree) -> Iterator[Finding]:
    read = {workflow.file_name: workflow.text for workflow in tree.active()}
    for folder in tree.target.folders:
        if folder == tree.read_folder:
            continue
        here = [one for one in tree.workflows if workflows_folder(one.path) == folder]
        lost = [
            workflow
            for workflow in here
            if read.get(workflow.file_name) != workflow.text and not _is_declared(workflow)
        ]
        if lost:
            first = lost[0]
            more = f", nor {len(lost) - 1} more beside it" if len(lost) > 1 else ""
            yield at(
                "GT006",
                first.path,
                first.root.entries[0].key if first.root.entries else first.root,
                f"{tree.target} does not read this file{more}: another folder goes before",
                "move it to the folder that is read, or say `# mirror` or `# GitHub only` on top",
            )


def _is_declared(workflow: Workflow) -> bool:
    return any(_DECLARED.search(line) for line in workflow.lines[:_TOP])


_TEXT = (
    "name: CI\non: [push]\njobs:\n  a:\n    name: a\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: make\n"
)
_OTHER = _TEXT.replace("make", "make test")


def _example(other: str, target: str = "gitea@1.22.6") -> Example:
    files = {".gitea/workflows/ci.yml": _TEXT, ".github/workflows/ci.yml": other}
    return Example(files, target=target)


RULE = Rule(
    id="GT006",
    title="A workflow stands in a folder that is shadowed",
    rationale="The first folder that is there hides the others entirely; a file that is added to "
    "one of those never runs. Equal copies, and files that say so on top, are meant.",
    source="go-gitea/gitea#31456: intended; #36612 (modules/actions/workflows.go: the first that "
    "exists is used; from 1.26 actions.WORKFLOW_DIRS says which, #36619); Forgejo: the same file, "
    "with .forgejo before .gitea before .github",
    holds=lambda target: len(target.folders) > 1,
    holds_for="Gitea, Forgejo",
    check=_check,
    severity=Severity.WARNING,
    bad=(_example(_OTHER), _example(_OTHER, "forgejo@7")),
    good=(
        _example(_TEXT),
        _example(f"# Runs on the mirror only.\n{_OTHER}"),
        _example(_OTHER, "github"),
    ),
)
