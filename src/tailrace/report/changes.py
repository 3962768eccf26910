"""What a watch says of a downstream whose verdict has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tailrace.cascade.watch import Change, Sweep
from tailrace.report.divergence import divergence_line, got_word
from tailrace.report.escape import for_terminal, lines_for_terminal
from tailrace.report.words import NOT_CONVERGED


def change_lines(change: Change, sweep: Sweep) -> Iterator[str]:
    """When, who, from what to what; the next step; the divergence line where it diverged."""
    verdict = change.verdict
    before = "" if change.before is None else f"{change.before} -> "
    got = "" if verdict.got is None else f"  {for_terminal(got_word(verdict), 24)}"
    name = for_terminal(verdict.downstream.name, 30)
    yield f"{sweep.at:%H:%M:%S}  {name}  {before}{verdict.state}{got}"
    for line in lines_for_terminal(verdict.detail) if verdict.detail else ():
        yield f"    {line}"
    if verdict.state in NOT_CONVERGED:
        yield divergence_line(verdict)


def change_document(change: Change, sweep: Sweep) -> dict[str, Any]:
    """One line of JSON."""
    verdict = change.verdict
    return {
        "schema": "tailrace/change/1",
        "at": sweep.at.isoformat(),
        "name": verdict.downstream.name,
        "repository": str(verdict.downstream.repository),
        "before": None if change.before is None else str(change.before),
        "state": str(verdict.state),
        "got": verdict.got,
        "want": verdict.want,
        "detail": verdict.detail,
    }
