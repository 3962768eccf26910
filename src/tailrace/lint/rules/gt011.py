"""GT011: two jobs, one context."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.rules.gt010 import is_unnamed
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Job, Workflow


def _title(workflow: Workflow, target: Target) -> str:
    """What the contexts begin with: see GT010."""
    if is_unnamed(workflow):
        return workflow.file_name if target.is_gitea(since="1.27") else ""
    return workflow.shown_name


def _check(tree: Tree) -> Iterator[Finding]:
    seen: dict[str, tuple[Workflow, Job]] = {}
    for workflow in tree.active():
        for job in workflow.jobs:
            # A matrix makes several, which differ; an expression is not known here.
            if job.matrix is not None or "${{" in job.shown_name:
                continue
            for event in workflow.events:
                # What is called shows under its caller.
                if event.name.value == "workflow_call":
                    continue
                title = _title(workflow, tree.target)
                text = f"{title} / {job.shown_name} ({event.name.value})".strip()
                other, first = seen.setdefault(text, (workflow, job))
                if first is not job:
                    yield at(
                        "GT011",
                        workflow.path,
                        job.name or job.id,
                        f"the context {text[:100]!a} is that of {other.path}:{first.id.start.line}"
                        " as well: the last one to end decides",
                        "give the workflow or the job a name of its own",
                    )
                    break


_JOB = "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
_TEXT = f"name: CI\non: [push]\njobs:\n  test:\n    name: test\n{_JOB}"


def _example(other: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    files = {f"{folder}/workflows/a.yml": _TEXT, f"{folder}/workflows/b.yml": other}
    return Example(files, target=target)


RULE = Rule(
    id="GT011",
    title="Two jobs render one status context",
    rationale="One status overwrites the other, so that a failure can show as success. From 1.27 "
    "on both show, and a required check still cannot tell them apart.",
    source="go-gitea/gitea#35699; #37834: two rows with one text",
    holds=lambda target: target.is_gitea(),
    holds_for="Gitea, Forgejo",
    check=_check,
    bad=(
        _example(_TEXT),
        _example(_TEXT.replace("[push]", "[pull_request, push]")),
        Example({".gitea/workflows/a.yml": f"{_TEXT}  again:\n    name: test\n{_JOB}"}),
    ),
    good=(
        _example(_TEXT.replace("CI", "Nightly")),
        _example(_TEXT.replace("push", "pull_request")),
        _example(_TEXT, "github"),
    ),
)
