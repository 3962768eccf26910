"""What runs over a fleet give back: plans, reports, drift, checks. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from signal import Signals
from typing import TypeAlias

from tailrace.model import (
    Action,
    Commit,
    Downstream,
    Failure,
    Observation,
    PullRequest,
    Release,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cascade did to one downstream, and how it stands now."""

    action: Action
    verdict: Verdict
    commit: Commit | None = None
    pull_request: PullRequest | None = None
    #: Why the write did not succeed; None where it did or none was needed.
    failure: Failure | None = None
    #: The answer to a write was lost, and reading showed that it was done.
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class IntentionalSkip:
    """A cascade that had no token, on an event for which the fleet file allows that."""

    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """One run over a fleet: of ``cascade`` (with outcomes) or ``verify`` (with verdicts only)."""

    command: str
    release: Release
    started_at: datetime
    finished_at: datetime
    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...] = ()
    skip: IntentionalSkip | None = None
    #: Calls that were made to the forge.
    calls: int = 0
    #: The signal that ended the run before its time.
    stopped_by: Signals | None = None


class Step(StrEnum):
    """Where one downstream is in a run, for whoever watches."""

    OBSERVING = "observing"
    WRITING = "writing"
    READING_BACK = "reading back"
    RETRYING = "retrying"
    DONE = "done"


@dataclass(slots=True)
class Stop:
    """Whether a run was told to stop: by which signal, or by its deadline."""

    signal: Signals | None = None
    #: The seconds that the run had, once they are over.
    deadline: float | None = None
    #: The run has ended, so that there is nothing left to stop.
    over: bool = False

    @property
    def cause(self) -> str | None:
        """What stopped it, as in "not finished when ..."; None while nothing has."""
        if self.signal is not None:
            return f"{self.signal.name} came"
        if self.deadline is not None:
            return f"the deadline of {self.deadline:g} s passed"
        return None


#: Is told where each downstream is; the text may be empty.
Watch: TypeAlias = Callable[[Downstream, Step, str], None]


def ignore(downstream: Downstream, step: Step, detail: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be done to one downstream, and what that was decided from."""

    observation: Observation
    action: Action


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cascade of ``release`` would do, and what it would cost."""

    release: Release
    planned: tuple[Planned, ...]
    #: Calls that the cascade itself would make, the observing included.
    calls: int
    commits: int
    pull_requests: int


class DriftKind(StrEnum):
    """How the fleet's list and the world can disagree."""

    GONE = "gone"
    RENAMED = "renamed"
    ARCHIVED = "archived"
    NO_CONSUMER = "no-consumer"
    #: It is there, and no build would come of a write.
    INERT_CONSUMER = "inert-consumer"
    UNLISTED = "unlisted"
    NOT_IN_MANIFEST = "not-in-manifest"
    ONLY_IN_MANIFEST = "only-in-manifest"
    NOT_IN_WORKFLOW = "not-in-workflow"
    ONLY_IN_WORKFLOW = "only-in-workflow"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """One disagreement, with the fact and the next step in ``message``."""

    kind: DriftKind
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What ``tailrace drift`` compared, and every disagreement that it found."""

    listed: int
    #: What was compared, for people: "fleet file", "manifest manifest.json", "owner molecule-ai".
    sources: tuple[str, ...]
    findings: tuple[DriftFinding, ...]


class CheckState(StrEnum):
    """How one check of ``tailrace doctor`` ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that ``tailrace doctor`` looked at."""

    name: str
    state: CheckState
    message: str
    failure: Failure | None = None
