"""Whether a newer release arrived while an older one is carried: then the older stops writing."""

from __future__ import annotations

from dataclasses import dataclass, field

from tailrace.model import (
    Action,
    Create,
    Downstream,
    Failure,
    FailureKind,
    Release,
    RepositoryName,
    State,
    Verdict,
    Write,
)
from tailrace.versions import is_newer

#: After so many writes it is looked where this run began: one call more for twenty writes.
LOOK_BACK_EVERY = 20


@dataclass(frozen=True, slots=True)
class Newer:
    """A newer release of the same package that arrived while an older one was carried."""

    seen_in: RepositoryName
    version: str

    def failure(self, downstream: Downstream, release: Release) -> Failure:
        """Why a downstream is not written any more."""
        return Failure(
            FailureKind.SUPERSEDED,
            f"{downstream.repository}: not written: {release.version} is superseded"
            f" by {self.version},\n  which arrived in {self.seen_in} meanwhile"
            "\n  next: let the newer cascade end; this one has nothing left to do",
        )


@dataclass(slots=True)
class Overtaken:
    """What one run knows of newer releases.

    A newer cascade goes through the fleet in the same order, behind this one: it meets first what
    this run left first, so that is where to look. A pin that is newer when it is first looked at
    proves nothing (it may have been ahead for weeks), but it is a reason to look.
    """

    release: Release
    by: Newer | None = None
    _first: Downstream | None = None
    _writes: int = 0
    _ahead: set[str] = field(default_factory=set)

    def left(self, verdict: Verdict) -> None:
        """This run left a downstream like that: it wrote it, or found nothing to do."""
        if verdict.got is not None and is_newer(verdict.got, self.release.version):
            self.by = self.by or Newer(verdict.downstream.repository, verdict.got)
        elif self._first is None and verdict.state is State.CONVERGED:
            self._first = verdict.downstream

    def place_to_look(self, action: Action, seen: Verdict) -> Downstream | None:
        """Where to look before ``action`` is carried out; None: nowhere now."""
        if self.by is not None or self._first is None:
            return None
        if isinstance(action, Write | Create):
            self._writes += 1
            return self._first if self._writes % LOOK_BACK_EVERY == 0 else None
        got = seen.got
        if got is None or got in self._ahead or not is_newer(got, self.release.version):
            return None
        # Once for each version: a fleet that is ahead in part costs no more.
        self._ahead.add(got)
        return self._first
