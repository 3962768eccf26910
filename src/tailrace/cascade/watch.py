"""Watching a fleet: a full verify, then sweeps that read only what may have changed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tailrace.cascade.run import Run
from tailrace.cascade.sweep import Note, is_due
from tailrace.forges.base import ForgeError
from tailrace.model import Downstream, Failure, ForgeKind, State, Verdict
from tailrace.settings import Fleet

_SETTLED = (State.CONVERGED, State.SKIPPED)


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that is another than before; ``before`` None: the first one."""

    before: State | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep did."""

    at: datetime
    #: How many downstreams were read.
    read: int
    #: Calls that it made.
    calls: int
    changes: tuple[Change, ...]
    #: Why the listing could not be read, so that only what was due anyway was.
    failure: Failure | None = None


@dataclass(slots=True)
class Watcher:
    """Sweeps over the fleet of a run; ``verdicts`` are the newest of every downstream."""

    run: Run
    #: Seconds between two sweeps, and after which everything is read again.
    every: float
    full_every: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    _notes: dict[str, Note] = field(default_factory=dict)
    #: Owners whose listing costs more calls than reading what is ours there.
    _dear: set[str] = field(default_factory=set)

    def follow(self, fleet: Fleet) -> None:
        """Watch ``fleet`` from now on; what is another downstream than before is read anew."""
        known = {downstream.name: downstream for downstream in self.run.fleet.downstreams}
        same = {d.name for d in fleet.downstreams if known.get(d.name) == d}
        for name in known.keys() - same:
            self._notes.pop(name, None)
            self.verdicts.pop(name, None)
        self._dear.clear()
        self.run = replace(self.run, fleet=fleet)

    async def sweeps(self, prepare: Callable[[], None] = lambda: None) -> AsyncIterator[Sweep]:
        """Sweep after sweep, for as long as somebody asks for them; ``prepare`` goes between."""
        while True:
            yield await self.sweep()
            await self.sleep(self.every)
            prepare()

    async def sweep(self) -> Sweep:
        """Read what is due. A downstream that cannot be read is ``unknown``, as in a verify."""
        forge, before = self.run.forge, self.run.forge.calls
        now = self.run.clock()
        failure: Failure | None = None
        hints: Mapping[str, datetime] = {}
        # Listed before anything is read: a write after that shows in the next listing.
        try:
            hints = await self._listed()
        except ForgeError as error:
            failure = error.failure()
        due = self._due(hints, now.timestamp(), listed=failure is None)
        fleet = replace(self.run.fleet, downstreams=due)
        verdicts = (await replace(self.run, fleet=fleet).verify()).verdicts if due else ()
        changes = []
        for verdict in verdicts:
            name = verdict.downstream.name
            old = self.verdicts.get(name)
            if old is None or (old.state, old.got) != (verdict.state, verdict.got):
                changes.append(Change(None if old is None else old.state, verdict))
            self.verdicts[name] = verdict
            self._notes[name] = Note(
                now.timestamp(), hints.get(_key(verdict.downstream)), verdict.state in _SETTLED
            )
        calls = forge.calls - before
        return Sweep(now, len(verdicts), calls, tuple(changes), failure)

    def _due(
        self, hints: Mapping[str, datetime], now: float, *, listed: bool
    ) -> tuple[Downstream, ...]:
        due = []
        for downstream in self.run.fleet.downstreams:
            note = self._notes.get(downstream.name)
            hint = hints.get(_key(downstream))
            if not listed and note is not None:
                # Nothing is known of changes: only what is old is read, not all at once.
                hint = note.updated_at
            if is_due(note, hint, now, self.full_every):
                due.append(downstream)
        return tuple(due)

    async def _listed(self) -> dict[str, datetime]:
        """The hints of every owner's listing, by repository; none where reading is cheaper."""
        found: dict[str, datetime] = {}
        if self.run.fleet.forge.kind is ForgeKind.GIT:
            # A folder says nothing of when a repository moved.
            return found
        ours = Counter(d.repository.owner for d in self.run.fleet.downstreams)
        for owner, number in sorted(ours.items()):
            if owner in self._dear:
                continue
            before = self.run.forge.calls
            async for repository in self.run.forge.repositories(owner):
                if self.run.forge.calls - before > number + 2:
                    # A few of very many, or pages without end.
                    self._dear.add(owner)
                    break
                at, key = repository.updated_at, str(repository.name).lower()
                if at is not None:
                    # Pages that moved under us may have one twice.
                    found[key] = max(found.get(key, at), at)
        return found


def _key(downstream: Downstream) -> str:
    """Forges compare names without case."""
    return str(downstream.repository).lower()
