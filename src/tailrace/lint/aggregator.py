"""Jobs that stand for others: one required context for a whole workflow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.node import scalars
from tailrace.lint.workflow import Job, Workflow

_NAMES = re.compile(
    r"(all|alls|ci|checks?|build|tests?)?[-_ ]?"
    r"(green|ok|gate|passed|pass|success(ful)?|required|complete|status|result)s?",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"needs\.[\w*.-]+\.result|toJSON\(\s*needs\s*\)|contains\(\s*needs\.", re.IGNORECASE
)
_ACTION = "re-actors/alls-green"


def aggregators(workflow: Workflow) -> Iterator[Job]:
    """The jobs that need several others and exist to say how those ended."""
    for job in workflow.jobs:
        if len(job.needs) < 1 or (not is_named_so(job) and not looks_at_results(job)):
            continue
        others = [other for other in workflow.jobs if other.id.value != job.id.value]
        if len(others) > 1 and not _is_needed(workflow, job):
            yield job


def is_named_so(job: Job) -> bool:
    """Whether the job's id or name says that it stands for others."""
    return any(_NAMES.fullmatch(text) for text in (job.id.value, job.shown_name))


def looks_at_results(job: Job) -> bool:
    """Whether it looks at how the others ended."""
    for step in job.steps:
        if step.uses is not None and step.uses.value.startswith(_ACTION):
            return True
    return any(_LOOKS.search(scalar.value) for scalar in scalars(job.node))


def reached(workflow: Workflow, job: Job) -> set[str]:
    """The ids of all jobs that ``job`` needs, directly or through others."""
    found: set[str] = set()
    pending = [need.value for need in job.needs]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        other = workflow.job(name)
        if other is not None:
            pending += [need.value for need in other.needs]
    return found


def _is_needed(workflow: Workflow, job: Job) -> bool:
    return any(job.id.value in {need.value for need in other.needs} for other in workflow.jobs)
