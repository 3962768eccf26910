"""A whole run over a fleet: the only file that knows all four steps.

Each downstream goes through its steps on its own, so one that fails never stops the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from tailrace.atonce import each_at_once
from tailrace.cascade.apply import Applied, Applier, Sleep
from tailrace.cascade.newer import Overtaken
from tailrace.cascade.observe import KnownBlobs, known_blobs, observe
from tailrace.cascade.plan import Rules, decide
from tailrace.cascade.verify import judge
from tailrace.forges.base import Forge
from tailrace.model import (
    Create,
    Downstream,
    Failure,
    FailureKind,
    Observation,
    Refuse,
    Release,
    Snapshot,
    State,
    Strategy,
    Verdict,
    Write,
)
from tailrace.pins import text
from tailrace.runs import IntentionalSkip, Outcome, Plan, Planned, Report, Step, Stop, Watch, ignore
from tailrace.settings import Fleet
from tailrace.versions import is_newer

R = TypeVar("R")

#: Contents up to so many bytes are kept for the rest of a run: a version, never a hostile file.
_KEPT = 128

#: Seconds before a write that was answered well, but does not show yet, is read back again.
_READ_BACK_AGAIN = (0.2, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Run:
    """One release, one fleet, one forge; time and sleeping as they are given."""

    fleet: Fleet
    forge: Forge
    release: Release
    allow_downgrade: bool = False
    watch: Watch = ignore
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    stop: Stop = field(default_factory=Stop)
    #: What pins have, by blob SHA: most of a fleet has one version, which is fetched once.
    _contents: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def rules(self) -> Rules:
        """What this run allows."""
        return Rules(self.fleet.policy.versions, self.allow_downgrade)

    async def plan(self) -> Plan:
        """What a cascade would do, and what it would cost. Writes nothing."""

        async def one(downstream: Downstream) -> Planned:
            observation = await self._observe(downstream, downstream.branch)
            self.watch(downstream, Step.DONE, "")
            return Planned(observation, decide(observation, self.release, self.rules))

        planned = await self._each(one)
        writes = [p.observation.downstream for p in planned if isinstance(p.action, Write | Create)]
        return Plan(
            release=self.release,
            planned=planned,
            calls=self.forge.calls + sum(self.forge.write_calls[d.strategy] for d in writes),
            commits=len(writes),
            pull_requests=sum(d.strategy is Strategy.PULL_REQUEST for d in writes),
        )

    async def cascade(self) -> Report:
        """Observe, plan, apply and verify every downstream."""
        started = self.clock()
        applier = Applier(
            self.forge, self.release, self.rules, self._observe, self.watch, self.sleep
        )
        overtaken = Overtaken(self.release)

        done: dict[str, Outcome] = {}

        async def one(downstream: Downstream) -> None:
            outcome = await self._carry(applier, overtaken, downstream)
            self.watch(downstream, Step.DONE, outcome.verdict.state)
            done[downstream.name] = outcome

        await self._until_stopped(one)
        outcomes = tuple(done.get(d.name) or self._unfinished(d) for d in self.fleet.downstreams)
        verdicts = tuple(outcome.verdict for outcome in outcomes)
        return self._report("cascade", started, verdicts, outcomes)

    async def verify(self) -> Report:
        """Read every downstream and judge it. Writes nothing."""
        started = self.clock()

        done: dict[str, Verdict] = {}

        async def one(downstream: Downstream) -> None:
            verdict = self._judge(await self._observe(downstream, downstream.branch))
            self.watch(downstream, Step.DONE, verdict.state)
            done[downstream.name] = verdict

        await self._until_stopped(one)
        verdicts = tuple(
            done.get(d.name) or self._unfinished(d).verdict for d in self.fleet.downstreams
        )
        return self._report("verify", started, verdicts, ())

    async def _until_stopped(self, one: Callable[[Downstream], Awaitable[None]]) -> None:
        """``one`` for every downstream, or for as many as a signal leaves time for."""
        try:
            await self._each(one)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.stop.cause is None or task is None:
                raise
            # A signal or the deadline cancelled this task: what was done has to be said yet.
            task.uncancel()
        self.stop.over = True

    def _unfinished(self, downstream: Downstream) -> Outcome:
        """What is known of a downstream that the run was stopped before."""
        failure = Failure(
            FailureKind.INTERRUPTED,
            f"{downstream.repository}: not finished when {self.stop.cause}"
            "\n  next: run the same command again; a cascade writes only what differs",
        )
        observation = Observation(downstream, self.clock(), failure)
        return Outcome(Refuse(failure), self._judge(observation), failure=failure)

    async def _carry(
        self, applier: Applier, overtaken: Overtaken, downstream: Downstream
    ) -> Outcome:
        observation = await self._observe(downstream, downstream.branch)
        action = decide(observation, self.release, self.rules)
        verdict = self._judge(observation)
        place = overtaken.place_to_look(action, verdict)
        if place is not None:
            overtaken.left(self._judge(await self._look(place, place.branch, self._contents)))
        if overtaken.by is not None and isinstance(action, Write | Create):
            action = Refuse(overtaken.by.failure(downstream, self.release), action.snapshot)
        if not isinstance(action, Write | Create):
            if isinstance(action, Refuse):
                return _outcome(Applied(action, failure=action.failure), verdict)
            overtaken.left(verdict)
            return _outcome(Applied(action), verdict)
        applied = await applier.apply(downstream, action)
        verdict = await self._read_back(downstream, action.snapshot, applied)
        # It was not newer when it was first looked at, else there had been nothing to write.
        overtaken.left(verdict)
        if overtaken.by and verdict.got and is_newer(verdict.got, self.release.version):
            applied = replace(applied, failure=overtaken.by.failure(downstream, self.release))
        return _outcome(applied, verdict)

    async def _read_back(
        self, downstream: Downstream, before: Snapshot, applied: Applied
    ) -> Verdict:
        contents = _contents(before, applied)
        for wait in (*_READ_BACK_AGAIN, None):
            self.watch(downstream, Step.READING_BACK, "")
            verdict = self._judge(await self._observe(downstream, before.branch, contents))
            waits = applied.commit is not None and applied.pull_request is None
            if verdict.state is State.CONVERGED or not waits or wait is None:
                return verdict
            # A forge with replicas may answer from one that has not got the commit yet.
            await self.sleep(wait)
        raise AssertionError("the last round returns")

    async def _observe(
        self, downstream: Downstream, branch: str | None, known: KnownBlobs | None = None
    ) -> Observation:
        self.watch(downstream, Step.OBSERVING, "")
        if not self._contents:
            self._contents.update(known_blobs(text.render(self.release.version)))
        # What a SHA names never changes, so it need not be fetched.
        contents = self._contents if known is None else {**self._contents, **known}
        return await self._look(downstream, branch, contents)

    async def _look(
        self, downstream: Downstream, branch: str | None, contents: KnownBlobs
    ) -> Observation:
        observation = await observe(
            self.forge, downstream, branch=branch, clock=self.clock, known=contents
        )
        seen = observation.seen
        for file in seen.pins.values() if isinstance(seen, Snapshot) else ():
            if file.content is not None and len(file.content) <= _KEPT:
                self._contents[file.sha] = file.content
        return observation

    def _judge(self, observation: Observation) -> Verdict:
        return judge(observation, self.release, self.fleet.policy.versions)

    def _report(
        self,
        command: str,
        started: datetime,
        verdicts: tuple[Verdict, ...],
        outcomes: tuple[Outcome, ...],
    ) -> Report:
        return Report(
            command=command,
            release=self.release,
            started_at=started,
            finished_at=self.clock(),
            verdicts=verdicts,
            outcomes=outcomes,
            calls=self.forge.calls,
            stopped_by=self.stop.signal,
        )

    async def _each(self, one: Callable[[Downstream], Awaitable[R]]) -> tuple[R, ...]:
        """``one`` for every downstream, in the fleet's order, some at a time."""
        return await each_at_once(self.fleet.downstreams, one, self.fleet.forge.concurrency)


def _contents(before: Snapshot, applied: Applied) -> KnownBlobs:
    """What the pins had and what they were given, by blob SHA."""
    known: dict[str, bytes] = {
        file.sha: file.content for file in before.pins.values() if file.content is not None
    }
    if isinstance(applied.action, Write | Create):
        for change in applied.action.changes:
            known |= known_blobs(change.content)
    return known


def skipped(command: str, release: Release, skip: IntentionalSkip) -> Report:
    """The report of a run that was skipped on purpose: nothing was read, nothing written."""
    now = datetime.now(UTC)
    return Report(command, release, now, now, verdicts=(), skip=skip)


def _outcome(applied: Applied, verdict: Verdict) -> Outcome:
    failure: Failure | None = applied.failure
    if isinstance(applied.action, Refuse):
        failure = failure or applied.action.failure
    if verdict.state not in (State.CONVERGED, State.SKIPPED):
        if failure is not None:
            verdict = replace(verdict, detail=failure.message)
        elif applied.pull_request is not None:
            verdict = replace(verdict, detail=f"waits for a merge: {applied.pull_request.url}")
    return Outcome(
        action=applied.action,
        verdict=verdict,
        commit=applied.commit,
        pull_request=applied.pull_request,
        failure=failure,
        recovered=applied.recovered,
    )
