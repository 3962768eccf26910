"""JSON for machines: versioned, everything in it."""

from __future__ import annotations

from typing import Any

from tailrace.model import Create, Failure, Refuse, Skip, Snapshot, Verdict, Write
from tailrace.report.words import action_word, counts, did_word, exit_code, pairs, result_word
from tailrace.runs import Check, CheckState, DriftReport, Outcome, Plan, Planned, Report


def of_report(report: Report) -> dict[str, Any]:
    """A cascade or a verify."""
    return {
        "schema": "tailrace/report/1",
        "command": report.command,
        "package": report.release.package,
        "version": report.release.version,
        "result": result_word(report),
        "exit_code": int(exit_code(report)),
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "calls": report.calls,
        "skip": None
        if report.skip is None
        else {"event": report.skip.event, "reason": report.skip.reason},
        "counts": {str(state): number for state, number in counts(report).items()},
        "downstreams": [_verdict(verdict, outcome) for verdict, outcome in pairs(report)],
    }


def _verdict(verdict: Verdict, outcome: Outcome | None) -> dict[str, Any]:
    evidence = verdict.evidence
    document: dict[str, Any] = {
        "name": verdict.downstream.name,
        "repository": str(verdict.downstream.repository),
        "state": str(verdict.state),
        "got": verdict.got,
        "want": verdict.want,
        "malformed": verdict.malformed,
        "detail": verdict.detail,
        "consumers": list(verdict.consumers),
        "failure": _failure(verdict.failure),
        "evidence": None
        if evidence is None
        else {
            "repository": str(evidence.repository),
            "branch": evidence.branch,
            "commit": evidence.commit,
            "blobs": dict(evidence.blobs),
            "observed_at": evidence.observed_at.isoformat(),
        },
    }
    if outcome is not None:
        pull = outcome.pull_request
        document["outcome"] = {
            "action": action_word(outcome.action),
            "did": did_word(outcome),
            "commit": outcome.commit.sha if outcome.commit else None,
            "pull_request": None if pull is None else {"number": pull.number, "url": pull.url},
            "failure": _failure(outcome.failure),
        }
    return document


def _failure(failure: Failure | None) -> dict[str, str] | None:
    return None if failure is None else {"kind": str(failure.kind), "message": failure.message}


def of_plan(plan: Plan) -> dict[str, Any]:
    """A plan."""
    return {
        "schema": "tailrace/plan/1",
        "package": plan.release.package,
        "version": plan.release.version,
        "calls": plan.calls,
        "commits": plan.commits,
        "pull_requests": plan.pull_requests,
        "planned": [_planned(planned) for planned in plan.planned],
    }


def _planned(planned: Planned) -> dict[str, Any]:
    action, seen = planned.action, planned.observation.seen
    downstream = planned.observation.downstream
    return {
        "name": downstream.name,
        "repository": str(downstream.repository),
        "action": action_word(action),
        "reason": _reason(planned),
        "failure": _failure(action.failure) if isinstance(action, Refuse) else None,
        "consumers": list(seen.consumers) if isinstance(seen, Snapshot) else [],
        "pins": [_pin(path, planned) for path in downstream.pin_paths],
    }


def _pin(path: str, planned: Planned) -> dict[str, str | None]:
    """One file with pins before and after; ``after`` is null where it stays."""
    action, seen = planned.action, planned.observation.seen
    file = seen.pins.get(path) if isinstance(seen, Snapshot) else None
    before = None if file is None else file.content
    changes = action.changes if isinstance(action, Write | Create) else ()
    after = next((change.content for change in changes if change.path == path), None)
    return {
        "path": path,
        "before": None if before is None else before.decode(errors="replace"),
        "after": None if after is None else after.decode(errors="replace"),
    }


def _reason(planned: Planned) -> str:
    action = planned.action
    return action.reason if isinstance(action, Write | Create | Skip) else ""


def of_drift(report: DriftReport) -> dict[str, Any]:
    """A drift report."""
    return {
        "schema": "tailrace/drift/1",
        "listed": report.listed,
        "sources": list(report.sources),
        "findings": [
            {"kind": str(f.kind), "name": f.name, "message": f.message} for f in report.findings
        ],
    }


def of_checks(checks: tuple[Check, ...]) -> dict[str, Any]:
    """A doctor's report."""
    return {
        "schema": "tailrace/doctor/1",
        "ok": all(check.state is not CheckState.FAILED for check in checks),
        "checks": [
            {
                "name": check.name,
                "state": str(check.state),
                "message": check.message,
                "failure": _failure(check.failure),
            }
            for check in checks
        ],
    }
