"""What a run may use does not grow with the fleet, nor with what stands in a pin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tailrace.cascade.run import Run
from tailrace.forges.open import open_forge
from tailrace.model import PIN_LIMIT, Downstream, ForgeKind, Release, RepositoryName, State
from tailrace.runs import Step
from tailrace.sandbox.seed import WORKFLOW, seed_many
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings

OWNER, PIN = "many", ".runtime-version"
RELEASE = Release("p", "1.0.1")


def fleet_of(server: SandboxServer, names: list[str], concurrency: int) -> Fleet:
    settings = ForgeSettings(ForgeKind.GITEA, server.url, OWNER, concurrency=concurrency)
    return Fleet("p", settings, tuple(Downstream(n, RepositoryName(OWNER, n)) for n in names))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def used(folder: Path, count: int, concurrency: int) -> tuple[int, int]:
    """The most connections and files that were open at once while ``count`` were cascaded."""
    connections = files = 0
    async with SandboxServer(folder) as server:
        names = [name for name, _ in seed_many(server.forge, OWNER, count, "1.0.0")]
        fleet = fleet_of(server, names, concurrency)
        # The server is in this process too: its own open repositories are not looked at.
        for record in server.forge.state.repositories:
            server.forge.git(record)
        before = open_files()

        def watch(downstream: Downstream, step: Step, detail: str) -> None:
            nonlocal connections, files
            connections = max(connections, len(server._server.server_state.connections))
            files = max(files, open_files() - before)

        async with open_forge(fleet.forge, server.forge.admin_token) as forge:
            report = await Run(fleet, forge, RELEASE, watch=watch).cascade()
        assert {v.state for v in report.verdicts} == {State.CONVERGED}
    return connections, files


async def test_connections_and_files_do_not_grow_with_the_fleet(tmp_path: Path) -> None:
    few = await used(tmp_path / "few", 40, 6)
    many = await used(tmp_path / "many", 240, 6)
    assert 1 <= few[0] <= 6
    assert 1 <= many[0] <= 6
    # Both ends of each connection are in this process, and a commit's own files come and go.
    assert many[1] <= few[1] + 6


@pytest.mark.parametrize("size", [PIN_LIMIT, PIN_LIMIT + 1, 5 * 1024 * 1024])
async def test_a_pin_of_any_size_costs_at_most_its_limit(tmp_path: Path, size: int) -> None:
    async with SandboxServer(tmp_path / "forge") as server:
        files = {PIN: b"x" * size, ".gitea/workflows/publish-image.yml": WORKFLOW.encode()}
        server.forge.create_repository(OWNER, "big", files)
        fleet = fleet_of(server, ["big"], 2)
        async with open_forge(fleet.forge, server.forge.admin_token) as forge:
            report = await Run(fleet, forge, RELEASE).verify()
        blobs = [line for _, line in server.api_calls if "/git/blobs/" in line]
        verdict = report.verdicts[0]
    read = size <= PIN_LIMIT
    assert len(blobs) == (1 if read else 0)
    assert verdict.state is (State.DIVERGED if read else State.MALFORMED)
    assert read or f"is {size:,} bytes (limit {PIN_LIMIT:,}), not read" in verdict.detail
