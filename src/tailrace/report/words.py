"""The words that every format says: symbols, counts, the exit code, the headline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tailrace.errors import ExitCode
from tailrace.model import (
    Action,
    Create,
    FailureKind,
    Keep,
    Refuse,
    Skip,
    Snapshot,
    State,
    Verdict,
    Write,
)
from tailrace.runs import Check, CheckState, DriftKind, DriftReport, Outcome, Plan, Report

#: A state is always word and symbol; colour only repeats it.
SYMBOLS = {
    State.CONVERGED: "✔",
    State.DIVERGED: "✘",
    State.MALFORMED: "!",
    State.MISSING: "∅",
    State.SKIPPED: "–",
    State.UNKNOWN: "?",
}

#: Failures that say nothing of a downstream itself.
THE_FORGES_OWN = (
    FailureKind.UNREACHABLE,
    FailureKind.TOKEN_REFUSED,
    FailureKind.RATE_LIMITED,
    FailureKind.INTERRUPTED,
)

#: What provably has not got the release.
NOT_CONVERGED = (State.DIVERGED, State.MALFORMED, State.MISSING)


def pairs(report: Report) -> list[tuple[Verdict, Outcome | None]]:
    """Every verdict with what was done before it; None where nothing ever is (verify)."""
    outcomes: list[Outcome | None] = [*report.outcomes] or [None] * len(report.verdicts)
    return list(zip(report.verdicts, outcomes, strict=True))


def counts(report: Report) -> dict[State, int]:
    """How many downstreams are in each state, every state named."""
    found = Counter(verdict.state for verdict in report.verdicts)
    return {state: found.get(state, 0) for state in State}


def exit_code(report: Report) -> int:
    """What the command ends with: a proven divergence goes before what could not be told.

    A run that a signal ended early ends with 128 and its number, as shells have it.
    """
    if report.stopped_by is not None:
        return 128 + report.stopped_by
    return _verdict_code(report)


def _verdict_code(report: Report) -> ExitCode:
    found = counts(report)
    if any(found[state] for state in NOT_CONVERGED):
        return ExitCode.NOT_CONVERGED
    if found[State.UNKNOWN] or nothing_proven(report):
        return ExitCode.UNKNOWN
    return ExitCode.CONVERGED


def nothing_proven(report: Report) -> bool:
    """Whether every downstream was skipped: a misspelt consumer looks like that, so not green."""
    return bool(report.verdicts) and counts(report)[State.SKIPPED] == len(report.verdicts)


def plan_exit_code(plan: Plan) -> ExitCode:
    """0 if a cascade could carry the plan out; 1 if it would refuse one; 3 if one is unread."""
    refused = [p for p in plan.planned if isinstance(p.action, Refuse)]
    if any(isinstance(p.observation.seen, Snapshot) for p in refused):
        return ExitCode.NOT_CONVERGED
    return ExitCode.UNKNOWN if refused else ExitCode.CONVERGED


def drift_exit_code(report: DriftReport) -> ExitCode:
    """0 without drift; 1 with a disagreement that is proven; 3 if some could not be read."""
    kinds = {finding.kind for finding in report.findings}
    if kinds - {DriftKind.UNKNOWN}:
        return ExitCode.NOT_CONVERGED
    return ExitCode.UNKNOWN if kinds else ExitCode.CONVERGED


def checks_exit_code(checks: Sequence[Check]) -> ExitCode:
    """0 if nothing failed; 3 if the forge or the token kept it from being told; else 1."""
    failed = [check for check in checks if check.state is CheckState.FAILED]
    if any(check.failure is not None and check.failure.kind in THE_FORGES_OWN for check in failed):
        return ExitCode.UNKNOWN
    return ExitCode.NOT_CONVERGED if failed else ExitCode.CONVERGED


def result_word(report: Report) -> str:
    """The run in one word, for outputs and result files."""
    if report.skip is not None:
        return "skipped"
    words = {
        ExitCode.CONVERGED: "converged",
        ExitCode.NOT_CONVERGED: "not-converged",
        ExitCode.UNKNOWN: "unknown",
    }
    return words[_verdict_code(report)]


def action_word(action: Action) -> str:
    """An action in one word."""
    match action:
        case Write():
            return "write"
        case Create():
            return "create"
        case Keep():
            return "keep"
        case Skip():
            return "skip"
        case Refuse():
            return "refuse"


def did_word(outcome: Outcome) -> str:
    """What was done to one downstream."""
    if outcome.pull_request is not None:
        return "proposed"
    if outcome.commit is not None:
        return "created" if isinstance(outcome.action, Create) else "written"
    if outcome.recovered:
        return "recovered"
    if outcome.failure is not None:
        return "failed"
    return {"keep": "kept", "skip": "skipped"}.get(action_word(outcome.action), "")


def headline(report: Report) -> tuple[str, str]:
    """The whole run in one sentence, and the next step (empty where there is none)."""
    if report.skip is not None:
        return f"skipped on purpose: {report.skip.reason}", ""
    found, total = counts(report), len(report.verdicts)
    missing = [v.downstream.name for v in report.verdicts if v.state in NOT_CONVERGED]
    unread = [v.downstream.name for v in report.verdicts if v.state is State.UNKNOWN]
    if report.stopped_by is not None:
        fact = f"stopped by {report.stopped_by.name}: {len(unread)} of {total} not finished"
        return fact, "run the same command again; a cascade writes only what differs"
    if missing:
        number = len(missing)
        fact = f"{number} of {total} {_have(number)} not got {report.release}: {_some(missing)}"
        if unread:
            fact += f"; {len(unread)} could not be read: {_some(unread)}"
        return fact, _next(report)
    if unread and all(
        v.failure is not None and v.failure.kind is FailureKind.INTERRUPTED
        for v in report.verdicts
        if v.state is State.UNKNOWN
    ):
        fact = f"the deadline passed: {len(unread)} of {total} not finished"
        return fact, "run the same command again, or give it more time (--deadline)"
    if unread:
        fact = f"{len(unread)} of {total} could not be read: {_some(unread)}"
        return fact, "tailrace doctor, then run the same command again"
    if nothing_proven(report):
        fact = f"nothing is proven: {total} of {total} skipped, none has a consumer"
        return fact, "check `consumer` and `folders` in the fleet file, then: tailrace drift"
    have = total - found[State.SKIPPED]
    tail = f", {found[State.SKIPPED]} skipped" if found[State.SKIPPED] else ""
    return f"{'all ' if have > 1 else ''}{have} {_have(have)} {report.release}{tail}", ""


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def some(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _next(report: Report) -> str:
    if report.command == "verify":
        version = report.release.version
        return f"tailrace plan {version}, then: tailrace cascade {version}"
    if any(outcome.pull_request is not None for outcome in report.outcomes):
        return f"merge the pull requests, then: tailrace verify {report.release.version}"
    return "read what each says, then run the same command again: it writes only what differs"


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def seconds(report: Report) -> float:
    """How long the run took."""
    return max(0.0, (report.finished_at - report.started_at).total_seconds())
