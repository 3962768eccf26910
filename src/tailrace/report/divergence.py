"""The divergence line: one for each downstream that has not got the release, for scrapers."""

from __future__ import annotations

from tailrace.model import State, Verdict
from tailrace.report.escape import MOST, for_workflow_property
from tailrace.report.words import NOT_CONVERGED
from tailrace.runs import Report


def divergence_lines(report: Report) -> list[str]:
    """``::error msg=cascade-divergence template=NAME got=VALUE want=VERSION::``, exactly."""
    return [
        divergence_line(verdict) for verdict in report.verdicts if verdict.state in NOT_CONVERGED
    ]


def divergence_line(verdict: Verdict) -> str:
    """The line of one downstream that has not got the release."""
    name = for_workflow_property(verdict.downstream.name)
    want = for_workflow_property(verdict.want)
    got = for_workflow_property(got_word(verdict))
    return f"::error msg=cascade-divergence template={name} got={got} want={want}::"


def got_word(verdict: Verdict) -> str:
    """What stands there, in one word without white space."""
    if verdict.state is State.MISSING:
        return "missing"
    if verdict.got is None or (verdict.malformed and verdict.got == verdict.want):
        return "malformed"
    # A no-break space is no white space to tr, but it is to a scraper.
    return "".join(verdict.got[:MOST].split()) or "empty"
