"""The status contexts that workflows produce: ``{workflow} / {job} ({event})`` on a Gitea."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tailrace.lint.expressions import without_expressions
from tailrace.lint.target import Target
from tailrace.lint.workflow import Job, Workflow
from tailrace.model import ForgeKind

#: Events whose runs show as statuses on a pull request's head.
ON_PULL_REQUESTS = ("pull_request", "pull_request_target")
_EVENTS = (*ON_PULL_REQUESTS, "push")


@dataclass(frozen=True, slots=True)
class Context:
    """One context, or a family of them where a matrix makes several."""

    workflow: Workflow
    job: Job
    event: str
    #: As it shows; ``*`` stands for what a matrix or an expression fills in.
    text: str
    is_matrix: bool

    def is_meant_by(self, required: str) -> bool:
        """Whether a required context, which may be a glob, can match this one."""
        if fnmatchcase(self.text, required):
            return True
        return "*" in self.text and fnmatchcase(required, _glob(self.text))

    def differs_in_event_only(self, required: str) -> bool:
        """Whether it would match if its event were another."""
        bare, _, event = self.text.rpartition(" (")
        return bool(event) and any(
            fnmatchcase(f"{bare} ({other})", required) for other in _EVENTS if other != self.event
        )


def contexts(workflows: Iterable[Workflow], target: Target) -> Iterator[Context]:
    """Every context that these workflows produce on pushes and pull requests."""
    for workflow in workflows:
        for event in workflow.events:
            if event.name.value not in _EVENTS:
                continue
            for job in workflow.jobs:
                yield _context(workflow, job, event.name.value, target)


def _context(workflow: Workflow, job: Job, event: str, target: Target) -> Context:
    name = without_expressions(job.shown_name, "*")
    is_matrix = job.matrix is not None
    if is_matrix and "*" not in name:
        name = f"{name} (*)"
    if target.kind is ForgeKind.GITHUB:
        if job.uses is not None:
            # Each job of the workflow that is called has a check run of its own.
            name = f"{name} / *"
        # GitHub requires check runs by the job's name alone.
        return Context(workflow, job, event, name, is_matrix)
    return Context(workflow, job, event, f"{workflow.shown_name} / {name} ({event})", is_matrix)


def _glob(text: str) -> str:
    """``text`` with its stars as a pattern, everything else as it stands."""
    return "".join(f"[{c}]" if c in "[?" else c for c in text)
