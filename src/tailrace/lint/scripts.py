"""The shell scripts of a tree's steps, with the shell that runs each and its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tailrace.lint.finding import Finding
from tailrace.lint.node import Mapping, Position, Scalar
from tailrace.lint.shell import Script, scan
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Document, Job, Step, Workflow, place_in

_SHELLS = ("bash", "sh", "dash", "ksh", "zsh")


@dataclass(frozen=True)
class Run:
    """A step's ``run:`` that a shell runs."""

    document: Document
    #: None in a composite action.
    job: Job | None
    step: Step
    scalar: Scalar
    #: What ``shell:`` says, in the step or as a default; None: nothing does.
    shell: str | None

    @property
    def script(self) -> Script:
        return scan(self.scalar.value)

    def found(self, rule: str, offset: int, message: str, step: str) -> Finding:
        """A finding at an offset of the script."""
        return in_value(rule, self.document, self.scalar, offset, message, step)


def runs(tree: Tree) -> Iterator[Run]:
    """Every script for a shell; those for python or PowerShell are left out."""
    for workflow in tree.active():
        for job, step in workflow.steps():
            yield from _run(workflow, job, step)
    for action in tree.actions:
        for step in action.steps:
            yield from _run(action, None, step)


def _run(document: Document, job: Job | None, step: Step) -> Iterator[Run]:
    if step.run is None:
        return
    shell = _shell(document, job, step)
    command = (shell or "bash").split()
    if command and command[0].rpartition("/")[2] in _SHELLS:
        yield Run(document, job, step, step.run, shell)


def _shell(document: Document, job: Job | None, step: Step) -> str | None:
    own = step.node.text("shell")
    if own is not None and own.value:
        return own.value
    for node in (job.node if job else None, document.root):
        defaults = node.mapping("defaults") if node is not None else None
        run = defaults.mapping("run") if defaults is not None else None
        text = run.text("shell") if run is not None else None
        if text is not None and text.value:
            return text.value
    if job is not None and any("windows" in label.lower() for label in labels(job)):
        return "pwsh"
    return None


def labels(job: Job) -> tuple[str, ...]:
    """What ``runs-on:`` says, a group's labels included."""
    node = job.runs_on
    if isinstance(node, Mapping):
        node = node.get("labels")
    if isinstance(node, Scalar):
        return (node.value,)
    items = node.items if node is not None and not isinstance(node, Mapping) else ()
    return tuple(item.value for item in items if isinstance(item, Scalar))


def environment(run: Run) -> dict[str, str]:
    """What ``env:`` sets for a script: the workflow's, the job's, the step's."""
    levels = (
        run.document.env if isinstance(run.document, Workflow) else None,
        run.job.node.mapping("env") if run.job else None,
        run.step.env,
    )
    return {
        entry.key.value: entry.value.value
        for level in levels
        if level is not None
        for entry in level.entries
        if isinstance(entry.value, Scalar)
    }


def in_value(
    rule: str, document: Document, scalar: Scalar, offset: int, message: str, step: str
) -> Finding:
    """A finding at an offset of a value, to its line."""
    start, end = span_in(document, scalar, offset)
    return Finding(rule, document.path, start, end, message, step)


def span_in(document: Document, scalar: Scalar, offset: int) -> tuple[Position, Position]:
    """From an offset of a value to the end of its line; always inside of the file."""
    place = place_in(scalar, offset)
    line = min(place.line, len(document.lines))
    text = document.lines[line - 1]
    indent = len(text) - len(text.lstrip())
    column = min(max(place.column, indent + 1), len(text) + 1)
    return Position(line, column), Position(line, max(len(text.rstrip()), column) + 1)
