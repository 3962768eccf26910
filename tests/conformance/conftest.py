"""Each case runs against every world that can do what it needs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.conformance.remote import RemoteWorld
from tests.conformance.worlds import ALL, LOCAL, Ability, World

from tailrace.model import ForgeKind

#: Stands for "no world of this run can do it"; such a case is deselected, which pytest counts.
NOWHERE = "nowhere"


def _worlds(config: pytest.Config) -> dict[str, frozenset[Ability]]:
    if config.getoption("forge_url"):
        return {"remote": RemoteWorld.abilities}
    return {name: world.abilities for name, world in LOCAL.items()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case says what it needs by `needs`; what the others say instead is in test_refusals."""
    if "world" not in metafunc.fixturenames:
        return
    marks = metafunc.definition.iter_markers
    needed = {ability for mark in marks("needs") for ability in mark.args}
    lacking = {ability for mark in marks("lacks") for ability in mark.args}
    fit = [
        name
        for name, abilities in _worlds(metafunc.config).items()
        if needed <= abilities and not lacking & abilities
    ]
    metafunc.parametrize("world", fit or [NOWHERE], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what no world can do, and have pytest say how many those are."""
    nowhere = [i for i in items if isinstance(i, pytest.Function) and _world_of(i) == NOWHERE]
    if nowhere:
        config.hook.pytest_deselected(items=nowhere)
        items[:] = [item for item in items if item not in nowhere]


def _world_of(item: pytest.Function) -> object:
    return item.callspec.params.get("world") if hasattr(item, "callspec") else None


@pytest_asyncio.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The forge that the case runs against."""
    if request.param != "remote":
        async with LOCAL[request.param].opened(tmp_path / "forge") as local:
            yield local
        return
    option = request.config.getoption
    variable = option("forge_token_env")
    token = os.environ.get(variable)
    if not token or not option("forge_owner"):
        raise pytest.UsageError(f"--forge-url needs --forge-owner, and a token in {variable}")
    kind = ForgeKind(option("forge_kind"))
    remote = RemoteWorld(kind, option("forge_url"), token, option("forge_owner"), tmp_path)
    async with remote:
        yield remote


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What the worlds of this run cannot do: said, never skipped in silence."""
    return [
        f"conformance: {name} has no {', '.join(sorted(lacking))}"
        for name, abilities in _worlds(config).items()
        if (lacking := ALL - abilities)
    ]
