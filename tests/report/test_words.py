"""The sentence that a run ends with."""

from __future__ import annotations

from dataclasses import replace

from tests.report.reports import ALL_STATES, report

from tailrace.model import Failure, FailureKind
from tailrace.report.words import headline


def test_a_deadline_is_not_said_to_be_a_fault_of_the_forge() -> None:
    converged, unknown = ALL_STATES[0], ALL_STATES[-1]
    late = replace(unknown, failure=Failure(FailureKind.INTERRUPTED, "not finished"))
    fact, step = headline(report(converged, late))
    assert fact == "the deadline passed: 1 of 2 not finished"
    assert "--deadline" in step
    assert headline(report(unknown, late))[0].startswith("2 of 2 could not be read")
