"""The third step: carry out one action, so that one release is one commit, whatever happens.

Every write is a compare-and-swap on the blob that was observed. Where it lost, or where its
answer was lost, the downstream is observed and planned again before anything else is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from tailrace.cascade.message import commit_message
from tailrace.cascade.plan import Rules, decide
from tailrace.cascade.pull import propose
from tailrace.forges.base import AnswerLost, Conflict, Forge, ForgeError
from tailrace.model import (
    Action,
    Commit,
    Create,
    Downstream,
    Failure,
    FailureKind,
    Keep,
    Observation,
    PullRequest,
    Release,
    Strategy,
    Write,
)
from tailrace.runs import Step, Watch

#: How often one downstream is tried before its writers are said to be too many.
ATTEMPTS = 6

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of one action."""

    #: The last action that was decided on: ``keep`` where another writer was faster.
    action: Action
    commit: Commit | None = None
    pull_request: PullRequest | None = None
    failure: Failure | None = None
    #: A write's answer was lost, and the pin is there: it was done, or another did the same.
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Applier:
    """What it takes to carry out actions of one cascade."""

    forge: Forge
    release: Release
    rules: Rules
    #: Observes a branch of a downstream anew.
    observe: Callable[[Downstream, str], Awaitable[Observation]]
    watch: Watch
    sleep: Sleep = asyncio.sleep

    async def apply(self, downstream: Downstream, action: Action) -> Applied:
        """Carry out ``action``. A forge's failure is in what is given back, never raised."""
        if not isinstance(action, Write | Create):
            return Applied(action)
        branch = action.snapshot.branch
        applied = Applied(action)
        lost = False
        retrying = AsyncRetrying(
            retry=retry_if_exception_type((Conflict, AnswerLost)),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.1, max=5.0, jitter=0.4),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    if attempt.retry_state.attempt_number > 1:
                        self.watch(downstream, Step.RETRYING, "reading again before any retry")
                        again = await self.observe(downstream, branch)
                        now = decide(again, self.release, self.rules)
                        applied = Applied(now, recovered=lost and isinstance(now, Keep))
                    if isinstance(applied.action, Write | Create):
                        self.watch(downstream, Step.WRITING, "")
                        try:
                            applied = await self._write(downstream, applied.action)
                        except AnswerLost:
                            lost = True
                            raise
        except ForgeError as error:
            return replace(applied, failure=_failure(error, downstream))
        return applied

    async def _write(self, downstream: Downstream, action: Write | Create) -> Applied:
        if downstream.strategy is Strategy.PULL_REQUEST:
            made = await propose(self.forge, downstream, action, self.release)
            return Applied(action, made.commit, made.pull_request, made.failure)
        commit = await self.forge.write_files(
            action.snapshot.repository,
            action.snapshot.branch,
            action.changes,
            commit_message(action, self.release),
        )
        return Applied(action, commit)


def _failure(error: ForgeError, downstream: Downstream) -> Failure:
    if isinstance(error, Conflict):
        return Failure(
            FailureKind.CONFLICT,
            f"{downstream.repository}: others wrote {ATTEMPTS} times in between ({error})"
            "\n  next: run the same command again",
        )
    if isinstance(error, AnswerLost):
        return Failure(
            FailureKind.UNREACHABLE,
            f"{downstream.repository}: no answer to {ATTEMPTS} writes ({error})"
            "\n  next: run the same command again; it reads before it writes",
        )
    return error.failure()
