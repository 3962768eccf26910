"""The limit grows while answers are quick, shrinks while they queue, halves where asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.cascade.run import Run
from tailrace.forges.gitea import GiteaForge
from tailrace.forges.limiter import FIRST, Limiter
from tailrace.forges.open import open_forge
from tailrace.model import Downstream, ForgeKind, Release, RepositoryName
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.seed import seed_many
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def rounds(limiter: Limiter, number: int, seconds: float, kind: str = "read") -> None:
    """So many rounds with more calls than slots, every answer taking the same time."""
    for _ in range(number):
        async with asyncio.TaskGroup() as group:
            gate = asyncio.Event()
            width = limiter.limit

            async def call(gate: asyncio.Event = gate) -> None:
                async with limiter.slot():
                    await gate.wait()
                    limiter.answered(kind, seconds)

            for _ in range(4 * width):
                group.create_task(call())
            await asyncio.sleep(0)
            gate.set()


async def test_it_doubles_while_answers_are_quick_and_never_passes_the_users_limit() -> None:
    limiter = Limiter(32, Clock())
    assert limiter.limit == FIRST
    await rounds(limiter, 2, 0.1)
    assert limiter.limit > 2 * FIRST
    await rounds(limiter, 20, 0.1)
    assert limiter.limit == 32
    small = Limiter(2, Clock())
    await rounds(small, 20, 0.1)
    assert small.limit == 2


async def test_it_shrinks_while_answers_queue_and_stays_where_a_forge_is_busy() -> None:
    limiter = Limiter(64, Clock())
    await rounds(limiter, 20, 0.1)
    await rounds(limiter, 400, 0.9)
    assert 4 <= limiter.limit < 16
    await rounds(limiter, 30, 0.1)
    assert limiter.limit > 16


async def test_it_halves_once_a_round_and_never_below_one() -> None:
    clock = Clock()
    limiter = Limiter(32, clock)
    await rounds(limiter, 20, 0.1)
    for _ in range(5):
        limiter.pressed()
    assert limiter.limit == 16
    for _ in range(20):
        clock.now += 1.0
        limiter.pressed()
    assert limiter.limit == 1


async def test_a_pause_is_for_everybody_and_ends() -> None:
    clock, slept = Clock(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    limiter = Limiter(8, clock)
    await limiter.until_pause_is_over(sleep)
    limiter.pressed(3.0)
    clock.now += 1.0
    limiter.pressed(1.0)
    await limiter.until_pause_is_over(sleep)
    await limiter.until_pause_is_over(sleep)
    assert slept == [2.0]


async def test_whoever_is_cancelled_gives_its_turn_away() -> None:
    limiter = Limiter(1, Clock())
    entered = list[int]()

    async def call(number: int, gate: asyncio.Event) -> None:
        async with limiter.slot():
            entered.append(number)
            await gate.wait()

    gate = asyncio.Event()
    tasks = [asyncio.create_task(call(number, gate)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    # Number two is given the slot and cancelled in the same turn of the loop.
    tasks[0].cancel()
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert entered[0] == 0
    assert entered[-1] == 3
    assert limiter.under_way == 0


async def test_all_who_queue_may_be_cancelled_together() -> None:
    limiter = Limiter(2, Clock())

    async def call() -> None:
        async with limiter.slot():
            await asyncio.Event().wait()

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(call())

    running = asyncio.create_task(run())
    for _ in range(3):
        await asyncio.sleep(0)
    assert limiter.under_way == 2
    # As a signal or the deadline does it: nothing but the cancellation may come out.
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (limiter.under_way, len(limiter._waiting)) == (0, 0)


async def test_a_pause_is_for_those_in_the_queue_as_well() -> None:
    clock, slept = Clock(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    limiter = Limiter(1, clock)

    async def first() -> None:
        async with limiter.slot(sleep):
            await asyncio.sleep(0)
            limiter.pressed(3.0)

    async def second() -> None:
        async with limiter.slot(sleep):
            assert clock.now == 103.0

    await asyncio.gather(first(), second())
    assert slept == [3.0]


@given(
    st.integers(1, 40),
    st.lists(
        st.one_of(
            st.floats(0.001, 5).map(lambda s: ("answered", s)),
            st.floats(0, 5).map(lambda s: ("pressed", s)),
            st.floats(0, 5).map(lambda s: ("time", s)),
        ),
        max_size=60,
    ),
)
def test_whatever_happens_it_is_between_one_and_the_users_limit(
    most: int, events: list[tuple[str, float]]
) -> None:
    clock = Clock()
    limiter = Limiter(most, clock)
    for what, value in events:
        if what == "time":
            clock.now += value
        elif what == "pressed":
            limiter.pressed(value)
        else:
            limiter.answered("read", value)
        assert 1 <= limiter.limit <= most


@pytest.mark.parametrize("allowed", [3, 12])
async def test_a_forge_that_throttles_is_not_fought(tmp_path: Path, allowed: int) -> None:
    faults = [Fault.parse("latency=0.02"), Fault.parse(f"throttle={allowed},retry-after=0")]
    async with SandboxServer(tmp_path / "forge", faults=faults) as server:
        names = [name for name, _ in seed_many(server.forge, "many", 120, "1.0.0")]
        settings = ForgeSettings(ForgeKind.GITEA, server.url, "many", concurrency=40)
        fleet = Fleet("p", settings, tuple(Downstream(n, RepositoryName("many", n)) for n in names))
        async with open_forge(settings, server.forge.admin_token) as forge:
            assert isinstance(forge, GiteaForge)
            report = await Run(fleet, forge, Release("p", "1.0.1")).cascade()
            # Forty would have been turned away nearly always; it stays near what is allowed.
            assert forge._http.limiter.limit <= 2 * allowed + 2
        calls = len(server.api_calls)
    assert {v.state.value for v in report.verdicts} == {"converged"}
    assert server.throttled / calls < 0.25


async def test_a_forge_that_works_on_two_at_a_time_is_not_buried(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path / "forge", write_cost=0.02, writers=2) as server:
        names = [name for name, _ in seed_many(server.forge, "many", 150, "1.0.0")]
        settings = ForgeSettings(ForgeKind.GITEA, server.url, "many", concurrency=64)
        fleet = Fleet("p", settings, tuple(Downstream(n, RepositoryName("many", n)) for n in names))
        async with open_forge(settings, server.forge.admin_token) as forge:
            assert isinstance(forge, GiteaForge)
            report = await Run(fleet, forge, Release("p", "1.0.1")).cascade()
            assert forge._http.limiter.limit < 64
    assert {v.state.value for v in report.verdicts} == {"converged"}
