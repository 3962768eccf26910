"""How many calls may be under way at a forge: as many as it takes gladly, never more than allowed.

The limit doubles each round while answers come as quickly as ever (TCP's slow start), then grows
by one a round, shrinks by one a round while answers queue (as TCP Vegas does), and halves where the
forge says that it is too much (429, 503) or leaves a call without an answer (AIMD).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

#: Where it begins: small enough for any forge, large enough for a small fleet.
FIRST = 8
#: Slow answers alone never bring it below this: what queues at a forge is still worked on.
_LEAST_BY_LATENCY = 4
#: Answers that take so many times the quickest one queue somewhere.
_QUEUES = 2.0
#: Seconds that an answer may vary without meaning anything.
_NOISE = 0.05
#: How much slower the quickest answer may become in a second: a forge may be so for good.
_FORGETS = 0.01


class Limiter:
    """Slots for calls. ``most`` is the user's own limit, which is never exceeded."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._limit = float(min(FIRST, most))
        self._slow_start = True
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        #: The quickest answer so far, by kind of call: a write costs what no read does.
        self._quickest: dict[str, tuple[float, float]] = {}
        self._halved_at: float | None = None
        self._paused_until: float | None = None

    @property
    def limit(self) -> int:
        """How many calls may be under way now."""
        return int(self._limit)

    @property
    def under_way(self) -> int:
        """How many are."""
        return self._under_way

    @asynccontextmanager
    async def slot(
        self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> AsyncIterator[None]:
        """Waits its turn, in order, and gives the slot back whatever happens."""
        queued = await self._enter()
        try:
            if queued:
                # A pause that began meanwhile is meant for those in the queue as well.
                await self.until_pause_is_over(sleep)
            yield
        finally:
            self._under_way -= 1
            self._wake()

    async def _enter(self) -> bool:
        """Whether it had to queue."""
        if self._under_way < self.limit and not self._waiting:
            self._under_way += 1
            return False
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The slot was given in the same moment: the next one has it.
                self._under_way -= 1
                self._wake()
            elif turn in self._waiting:
                # Else somebody else left before us and has thrown it out.
                self._waiting.remove(turn)
            raise
        return True

    def _wake(self) -> None:
        while self._waiting and self._under_way < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)

    def answered(self, kind: str, seconds: float) -> None:
        """An answer came after ``seconds``: grow while it is quick, shrink while it queues."""
        now = self._clock()
        known, at = self._quickest.get(kind, (seconds, now))
        quickest = min(known * (1 + _FORGETS) ** min(now - at, 3600.0), seconds)
        self._quickest[kind] = quickest, now
        if seconds > quickest * _QUEUES + _NOISE:
            self._slow_start = False
            if self._limit > _LEAST_BY_LATENCY:
                self._limit = max(self._limit - 1 / self._limit, min(_LEAST_BY_LATENCY, self._most))
        elif self._under_way >= self.limit:
            # Only where the limit was felt: unused room proves nothing.
            self._limit += 1.0 if self._slow_start else 1 / self._limit
            self._limit = min(self._limit, float(self._most))
            self._wake()

    def pressed(self, pause: float | None = None) -> None:
        """The forge said that it is too much, or did not answer: halve, and perhaps pause."""
        now = self._clock()
        self._slow_start = False
        round_trip = max((seconds for seconds, _ in self._quickest.values()), default=0.0)
        if self._halved_at is None or now - self._halved_at >= round_trip:
            # Once per round: all that was under way hears the same.
            self._halved_at = now
            self._limit = max(1.0, self._limit / 2)
        if pause is not None:
            self._paused_until = max(self._paused_until or now, now + pause)

    async def until_pause_is_over(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Wait as long as the forge asked one call of ours to wait: it means all of them."""
        if self._paused_until is None:
            return
        left = self._paused_until - self._clock()
        if left <= 0:
            self._paused_until = None
            return
        await sleep(left)
