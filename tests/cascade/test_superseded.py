"""A newer release starts while an older one runs: the older stops writing, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.cascade.test_run import RELEASE, World, no_wait, world

from tailrace.cascade.newer import LOOK_BACK_EVERY
from tailrace.cascade.run import Run
from tailrace.forges.open import open_forge
from tailrace.model import Downstream, FailureKind, ForgeKind, Release, RepositoryName, State
from tailrace.report.words import exit_code
from tailrace.runs import Report
from tailrace.sandbox.seed import seed_many
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings

NEWER = Release(RELEASE.package, "0.1.1002")


def one_at_a_time(fleet: Fleet) -> Fleet:
    return replace(fleet, forge=replace(fleet.forge, concurrency=1))


async def overtaken(incident: World, after: int) -> tuple[Report, Report]:
    """The older run's report, overtaken by a newer one at its n-th write; and the newer's."""
    reports: list[Report] = []
    writes = 0

    async def overtake() -> None:
        nonlocal writes
        writes += 1
        if writes == after:
            reports.append(await incident.run("cascade", NEWER))

    incident.server.before_commit = overtake
    async with incident.forge() as forge:
        run = Run(one_at_a_time(incident.fleet), forge, RELEASE, sleep=no_wait)
        older = await run.cascade()
    return older, reports[0]


async def test_the_older_stops_writing_and_says_by_what(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        older, newer = await overtaken(incident, after=3)
        assert all(v.state in (State.CONVERGED, State.SKIPPED) for v in newer.verdicts)
        assert (exit_code(newer), exit_code(older)) == (0, 1)
        superseded = [
            outcome.verdict.downstream.name
            for outcome in older.outcomes
            if outcome.failure is not None and outcome.failure.kind is FailureKind.SUPERSEDED
        ]
        assert superseded == ["openclaw"]
        for outcome in older.outcomes[2:-1]:
            assert outcome.commit is None
            assert outcome.verdict.state is State.DIVERGED
            assert outcome.verdict.got == NEWER.version
        said = older.outcomes[2].verdict.detail
        assert "superseded by 0.1.1002" in said
        assert "openclaw" in said
        new = {name: n - before[name] for name, n in incident.commits().items()}
        # Two had the older before the newer came; nobody got the older after it.
        assert new == {
            "claude-code": 2,
            "hermes": 2,
            "openclaw": 1,
            "codex": 1,
            "langgraph": 1,
            "autogen": 1,
            "crewai": 0,
        }


async def test_those_that_the_newer_has_not_reached_yet_are_left_to_it(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        name = incident.repository("hermes").name

        async def push() -> None:
            incident.server.before_commit = nothing
            pin = f"{NEWER.version}\n".encode()
            incident.server.forge.commit_file("molecule-ai", name, ".runtime-version", pin)

        async def nothing() -> None:
            """No more interference."""

        writes = 0

        async def second_write() -> None:
            nonlocal writes
            writes += 1
            if writes == 2:
                await push()

        incident.server.before_commit = second_write
        async with incident.forge() as forge:
            run = Run(one_at_a_time(incident.fleet), forge, RELEASE, sleep=no_wait)
            older = await run.cascade()
        done = {o.verdict.downstream.name: o for o in older.outcomes}
        assert done["claude-code"].verdict.state is State.CONVERGED
        for later in ("openclaw", "codex", "langgraph", "autogen"):
            failure = done[later].failure
            assert failure is not None
            assert failure.kind is FailureKind.SUPERSEDED
            assert "hermes" in failure.message
            assert done[later].commit is None
        assert incident.pin("autogen") == "0.1.1000\n"


async def test_a_newer_cascade_that_follows_behind_is_noticed(tmp_path: Path) -> None:
    """It writes in the fleet's order what the older has written already, and never meets it."""
    async with SandboxServer(tmp_path / "forge") as server:
        names = [name for name, _ in seed_many(server.forge, "many", 70, "1.0.0")]
        settings = ForgeSettings(ForgeKind.GITEA, server.url, "many", concurrency=1)
        fleet = Fleet("p", settings, tuple(Downstream(n, RepositoryName("many", n)) for n in names))
        writes = 0

        async def follow() -> None:
            nonlocal writes
            writes += 1
            if writes >= 25:
                server.forge.commit_file("many", names[writes - 25], ".runtime-version", b"1.0.2\n")

        server.before_commit = follow
        async with open_forge(settings, server.forge.admin_token) as forge:
            report = await Run(fleet, forge, Release("p", "1.0.1"), sleep=no_wait).cascade()
    assert writes < 25 + LOOK_BACK_EVERY
    superseded = [o for o in report.outcomes if o.failure is not None]
    assert len(superseded) == 70 - writes
    assert {o.failure.kind for o in superseded if o.failure} == {FailureKind.SUPERSEDED}
    assert "superseded by 1.0.2,\n  which arrived in many/d00000" in superseded[0].verdict.detail
    assert exit_code(report) == 1


async def test_a_newer_pin_at_first_sight_is_a_reason_to_look(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        writes = 0

        async def push() -> None:
            nonlocal writes
            writes += 1
            if writes == 2:
                pin = f"{NEWER.version}\n".encode()
                for name in ("claude-code", "openclaw"):
                    repository = incident.repository(name).name
                    incident.server.forge.commit_file(
                        "molecule-ai", repository, ".runtime-version", pin
                    )

        incident.server.before_commit = push
        async with incident.forge() as forge:
            run = Run(one_at_a_time(incident.fleet), forge, RELEASE, sleep=no_wait)
            older = await run.cascade()
        assert writes == 2
        for outcome in older.outcomes[3:-1]:
            assert outcome.failure is not None
            assert outcome.failure.kind is FailureKind.SUPERSEDED
            assert "claude-code" in outcome.failure.message
        assert incident.pin("autogen") == "0.1.1000\n"


async def test_one_that_is_ahead_from_the_start_stops_nobody_else(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        name = incident.repository("claude-code").name
        pin = f"{NEWER.version}\n".encode()
        incident.server.forge.commit_file("molecule-ai", name, ".runtime-version", pin)
        async with incident.forge() as forge:
            run = Run(one_at_a_time(incident.fleet), forge, RELEASE, sleep=no_wait)
            report = await run.cascade()
        found = {v.downstream.name: v.state for v in report.verdicts}
        assert found.pop("claude-code") is State.DIVERGED
        assert found.pop("crewai") is State.SKIPPED
        assert set(found.values()) == {State.CONVERGED}
