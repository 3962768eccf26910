"""Sweeps read what may have changed, and in time everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cascade.test_run import no_wait

from tailrace.cascade.run import Run
from tailrace.cascade.sweep import LAG, Note, is_due
from tailrace.cascade.watch import Watcher
from tailrace.forges.gitea import GiteaForge
from tailrace.forges.http import Transport
from tailrace.forges.open import open_forge
from tailrace.model import Downstream, ForgeKind, Release, RepositoryName, State
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.seed import seed_many
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings

OWNER, PIN = "many", ".runtime-version"
RELEASE = Release("p", "1.0.0")
NOW = 1_800_000_000.0
LONG_AGO = datetime.fromtimestamp(NOW - 86_400, UTC)
GOOD = Note(NOW - 60, LONG_AGO, settled=True)


class Clock:
    """A clock for the sandbox and the watcher alike, set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


def test_what_is_due() -> None:
    assert not is_due(GOOD, LONG_AGO, NOW, 3600)
    assert is_due(None, LONG_AGO, NOW, 3600)
    assert is_due(GOOD, None, NOW, 3600)
    assert is_due(GOOD, LONG_AGO + timedelta(seconds=1), NOW, 3600)
    assert is_due(GOOD, LONG_AGO, NOW, 60)
    assert is_due(replace(GOOD, settled=False), LONG_AGO, NOW, 3600)
    assert is_due(GOOD, LONG_AGO, NOW - 3600, 3600)
    young = datetime.fromtimestamp(GOOD.read_at - LAG / 2, UTC)
    assert is_due(replace(GOOD, updated_at=young), young, NOW, 3600)


seconds = st.integers(0, 100_000)
stamps = st.integers(0, 100_000).map(lambda s: datetime.fromtimestamp(NOW - s, UTC))


@given(seconds, stamps, stamps, st.booleans(), st.integers(1, 50_000))
def test_nothing_that_moved_or_is_old_is_passed_over(
    ago: float, noted: datetime, listed: datetime, settled: bool, full_every: float
) -> None:
    note = Note(NOW - ago, noted, settled)
    if listed != noted or ago >= full_every or not settled:
        assert is_due(note, listed, NOW, full_every)


@asynccontextmanager
async def watched(folder: Path, count: int) -> AsyncIterator[tuple[SandboxServer, Watcher, Clock]]:
    clock = Clock()
    async with SandboxServer(folder, clock=clock) as server:
        names = [name for name, _ in seed_many(server.forge, OWNER, count, "1.0.0")]
        clock.now += 3600
        settings = ForgeSettings(ForgeKind.GITEA, server.url, OWNER)
        downstreams = tuple(Downstream(n, RepositoryName(OWNER, n), "main") for n in names)
        async with open_forge(settings, server.forge.admin_token) as forge:
            run = Run(Fleet("p", settings, downstreams), forge, RELEASE, clock=clock.at)
            yield server, Watcher(run, every=60, full_every=1800), clock


async def test_a_sweep_over_an_unchanged_fleet_costs_a_call_for_fifty(tmp_path: Path) -> None:
    count = 120
    async with watched(tmp_path, count) as (server, watcher, clock):
        first = await watcher.sweep()
        assert (first.read, len(first.changes)) == (count, count)
        assert {v.state for v in watcher.verdicts.values()} == {State.CONVERGED}
        for _ in range(3):
            clock.now += 60
            server.api_calls.clear()
            again = await watcher.sweep()
            assert (again.read, again.changes) == (0, ())
            assert again.calls == len(server.api_calls)
            assert again.calls <= count / 50 + 2
        clock.now += 1800
        full = await watcher.sweep()
        assert (full.read, full.changes) == (count, ())


async def test_a_push_is_found_by_the_next_sweep_and_its_repair_too(tmp_path: Path) -> None:
    async with watched(tmp_path, 60) as (server, watcher, clock):
        await watcher.sweep()
        clock.now += 60
        server.forge.commit_file(OWNER, "d00007", PIN, b"0.9.0\n")
        clock.now += 60
        found = await watcher.sweep()
        (change,) = found.changes
        assert (change.verdict.downstream.name, change.before) == ("d00007", State.CONVERGED)
        assert (change.verdict.state, change.verdict.got) == (State.DIVERGED, "0.9.0")
        assert found.read == 1
        server.forge.commit_file(OWNER, "d00007", PIN, b"1.0.0\n")
        # The hint has not caught up yet; what was not right is read anyway.
        mended = await watcher.sweep()
        assert [c.verdict.state for c in mended.changes] == [State.CONVERGED]


async def test_a_hint_that_lags_is_found_in_the_sweep_after(tmp_path: Path) -> None:
    async with watched(tmp_path, 20) as (server, watcher, clock):
        await watcher.sweep()
        clock.now += 60
        server.forge.commit_file(OWNER, "d00003", PIN, b"0.9.0\n")
        assert (await watcher.sweep()).changes == ()
        clock.now += 60
        assert [c.verdict.got for c in (await watcher.sweep()).changes] == ["0.9.0"]


async def test_one_that_vanishes_is_read_and_unknown(tmp_path: Path) -> None:
    async with watched(tmp_path, 20) as (server, watcher, clock):
        await watcher.sweep()
        server.forge.delete(OWNER, "d00003")
        clock.now += 60
        (change,) = (await watcher.sweep()).changes
        assert (change.verdict.state, change.before) == (State.UNKNOWN, State.CONVERGED)


async def test_a_listing_that_fails_is_said_and_not_every_repository_asked(tmp_path: Path) -> None:
    async with watched(tmp_path, 20) as (server, watcher, clock):
        await watcher.sweep()
        clock.now += 60
        server.faults.append(Fault.parse("status=403,match=/orgs/"))
        failed = await watcher.sweep()
        assert failed.failure is not None
        assert (failed.read, failed.changes) == (0, ())
        clock.now += 1800
        assert (await watcher.sweep()).read == 20


async def test_a_few_of_an_owners_many_are_read_and_not_listed(tmp_path: Path) -> None:
    async with watched(tmp_path, 320) as (server, watcher, clock):
        few = watcher.run.fleet.downstreams[-3:]
        watcher.follow(replace(watcher.run.fleet, downstreams=few))
        await watcher.sweep()
        clock.now += 60
        again = await watcher.sweep()
        assert (again.read, again.calls, again.failure) == (3, 3, None)
        server.forge.commit_file(OWNER, few[0].name, PIN, b"0.9.0\n")
        assert [c.verdict.got for c in (await watcher.sweep()).changes] == ["0.9.0"]


async def test_a_fleet_that_changes_is_followed(tmp_path: Path) -> None:
    async with watched(tmp_path, 20) as (_, watcher, clock):
        whole = watcher.run.fleet
        watcher.follow(replace(whole, downstreams=whole.downstreams[:10]))
        assert (await watcher.sweep()).read == 10
        clock.now += 60
        other = replace(whole.downstreams[0], repository=whole.downstreams[19].repository)
        watcher.follow(replace(whole, downstreams=(other, *whole.downstreams[5:12])))
        sweep = await watcher.sweep()
        assert sorted(c.verdict.downstream.name for c in sweep.changes) == [
            "d00000",
            "d00010",
            "d00011",
        ]
        assert sweep.read == 3
        assert set(watcher.verdicts) == {d.name for d in watcher.run.fleet.downstreams}


async def test_a_folder_of_repositories_is_read_and_not_listed(tmp_path: Path) -> None:
    async with watched(tmp_path, 5) as (_, watcher, clock):
        folder = tmp_path / "repositories"
        broken = folder / OWNER / "broken.git"
        broken.mkdir()
        (broken / "HEAD").write_text("nonsense")
        settings = ForgeSettings(ForgeKind.GIT, str(folder), OWNER)
        fleet = replace(watcher.run.fleet, forge=settings)
        async with open_forge(settings, None) as forge:
            here = Watcher(Run(fleet, forge, RELEASE, clock=clock.at), every=60, full_every=1800)
            for _ in range(2):
                sweep = await here.sweep()
                assert (sweep.read, sweep.calls, sweep.failure) == (5, 5, None)
        assert {v.state for v in here.verdicts.values()} == {State.CONVERGED}


@pytest.mark.parametrize("odd", ["soon", "2026-01-01T00:00:00", "99999-01-01T00:00:00Z", ""])
async def test_a_hint_that_is_no_moment_costs_a_reading_and_not_the_listing(
    tmp_path: Path, odd: str
) -> None:
    async with watched(tmp_path, 20) as (server, watcher, clock):
        await watcher.sweep()
        clock.now += 60
        (record,) = [r for r in server.forge.state.repositories if r.name == "d00007"]
        record.updated_at = odd
        for _ in range(2):
            clock.now += 60
            sweep = await watcher.sweep()
            assert (sweep.read, sweep.failure, sweep.changes) == (1, None, ())


async def test_it_outlives_an_outage(tmp_path: Path) -> None:
    async with watched(tmp_path, 20) as (server, honest, clock):
        transport = Transport(
            f"{server.url}/api/v1",
            authorization=f"token {server.forge.admin_token}",
            concurrency=4,
            timeout=5.0,
            sleep=no_wait,
            clock=clock,
        )
        async with GiteaForge(transport) as forge:
            watcher = Watcher(replace(honest.run, forge=forge), every=60, full_every=1800)
            await watcher.sweep()
            server.faults.append(Fault.parse("drop"))
            calls = list[int]()
            for _ in range(4):
                clock.now += 60
                down = await watcher.sweep()
                # What was right is not said to be unknown because the forge is away for a while.
                assert (down.failure is None, down.changes) == (False, ())
                calls.append(down.calls)
            assert calls == [5, 5, 5, 1]
            server.faults.clear()
            server.forge.commit_file(OWNER, "d00003", PIN, b"0.9.0\n")
            clock.now += 60
            back = await watcher.sweep()
            assert back.failure is None
            clock.now += 60
            later = await watcher.sweep()
            assert [c.verdict.got for c in (*back.changes, *later.changes)] == ["0.9.0"]
