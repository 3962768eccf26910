"""Reports for the tests of every format."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tailrace.model import (
    Commit,
    Create,
    Downstream,
    Evidence,
    Failure,
    FailureKind,
    FileChange,
    Keep,
    Refuse,
    Release,
    RepositoryName,
    Skip,
    Snapshot,
    State,
    Verdict,
    Write,
)
from tailrace.runs import Outcome, Report

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RELEASE = Release("runtime", "0.1.1001")
HEAD = "4f2a91c0" * 5
BLOB = "d" * 40
PIN = ".runtime-version"
CHANGE = FileChange(PIN, b"0.1.1001\n", BLOB)
CONSUMER = ".gitea/workflows/publish-image.yml"


def verdict(
    name: str,
    state: State,
    got: str | None = None,
    detail: str = "",
    *,
    malformed: bool = False,
    branch: str = "main",
) -> Verdict:
    repository = RepositoryName("acme", name)
    unknown = state is State.UNKNOWN
    return Verdict(
        downstream=Downstream(name, repository),
        state=state,
        want=RELEASE.version,
        got=got,
        malformed=malformed,
        detail=detail,
        evidence=None if unknown else Evidence(repository, branch, HEAD, {PIN: BLOB}, NOW),
        consumers=() if unknown or state is State.SKIPPED else (CONSUMER,),
        failure=Failure(FailureKind.NOT_FOUND, detail) if unknown else None,
    )


def report(*verdicts: Verdict, command: str = "verify") -> Report:
    return Report(command, RELEASE, NOW, NOW + timedelta(seconds=1.5), verdicts, calls=9)


ALL_STATES = (
    verdict("codex", State.CONVERGED, "0.1.1001"),
    verdict("hermes", State.DIVERGED, "0.1.1000"),
    verdict("openclaw", State.MALFORMED, "0.1.1001", "more than one newline", malformed=True),
    verdict("autogen", State.MISSING, None, ".runtime-version is not there"),
    verdict("crewai", State.SKIPPED, None, "no publish-image.yml in .github/workflows"),
    verdict("gone", State.UNKNOWN, None, "acme/gone: not there\n  next: check `repo`"),
)


def cascade() -> Report:
    """A cascade in which every kind of outcome happens."""
    seen = Snapshot(RepositoryName("acme", "x"), "main", HEAD, {}, (CONSUMER,))
    failed = Failure(FailureKind.ARCHIVED, "acme/hermes: is archived\n  next: unarchive it")
    rows = [
        Outcome(Write(seen, (CHANGE,), "old"), ALL_STATES[0], Commit(HEAD, (BLOB,))),
        Outcome(
            Refuse(failed, seen), replace(ALL_STATES[1], detail=failed.message), failure=failed
        ),
        Outcome(Create(seen, (CHANGE,), "not there"), ALL_STATES[3], failure=failed),
        Outcome(Skip(seen, "no consumer"), ALL_STATES[4]),
        Outcome(Keep(seen), verdict("langgraph", State.CONVERGED, "0.1.1001")),
    ]
    found = report(*(row.verdict for row in rows), command="cascade")
    return replace(found, outcomes=tuple(rows))
