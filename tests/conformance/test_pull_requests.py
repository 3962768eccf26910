"""Pull requests: opened once, found again, closed with a reason."""

from __future__ import annotations

import pytest
from tests.conformance.gitwork import branch_off
from tests.conformance.worlds import Ability, World

from tailrace.forges.base import Conflict
from tailrace.forges.blobs import blob_sha
from tailrace.model import FileChange, RepositoryName

pytestmark = pytest.mark.needs(Ability.PULL_REQUESTS)

CHANGE = FileChange("pin", b"2\n", blob_sha(b"1\n"))


async def proposed(world: World, name: str, *heads: str) -> RepositoryName:
    made = await world.create(name, {"pin": b"1\n"})
    async with world.forge() as forge:
        for head in heads:
            await forge.write_files(made, "main", [CHANGE], "Take 2", new_branch=head)
    return made


async def test_it_is_opened_and_found_again(world: World) -> None:
    made = await proposed(world, "open", "tailrace/a-1", "tailrace/a-2")
    async with world.forge() as forge:
        assert await forge.pull_requests(made, "main") == ()
        first = await forge.open_pull_request(made, "tailrace/a-1", "main", "Take 1", "Why: ...")
        second = await forge.open_pull_request(made, "tailrace/a-2", "main", "Take 2", "")
        found = await forge.pull_requests(made, "main")
    assert set(found) == {first, second}
    assert (first.head, first.base) == ("tailrace/a-1", "main")
    assert first.url.startswith("http")
    assert first.number != second.number


async def test_only_those_onto_the_base_count(world: World) -> None:
    made = await proposed(world, "bases", "tailrace/a-1")
    async with world.git(made) as git:
        branch_off(git, "stable")
    async with world.forge() as forge:
        await forge.open_pull_request(made, "tailrace/a-1", "stable", "Take 2", "")
        assert await forge.pull_requests(made, "main") == ()
        assert len(await forge.pull_requests(made, "stable")) == 1


async def test_a_second_one_for_the_same_branches_is_a_conflict(world: World) -> None:
    made = await proposed(world, "twice", "tailrace/a-1")
    async with world.forge() as forge:
        first = await forge.open_pull_request(made, "tailrace/a-1", "main", "Take 2", "")
        with pytest.raises(Conflict, match="twice"):
            await forge.open_pull_request(made, "tailrace/a-1", "main", "Take 2", "")
        assert await forge.pull_requests(made, "main") == (first,)


async def test_closing_takes_the_branch_away(world: World) -> None:
    made = await proposed(world, "close", "tailrace/a-1", "tailrace/a-2")
    async with world.forge() as forge:
        older = await forge.open_pull_request(made, "tailrace/a-1", "main", "Take 1", "")
        newer = await forge.open_pull_request(made, "tailrace/a-2", "main", "Take 2", "")
        await forge.close_pull_request(made, older, f"Superseded by {newer.url}.")
        assert await forge.pull_requests(made, "main") == (newer,)
    async with world.git(made) as git:
        assert "refs/heads/tailrace/a-1" not in git.references
        assert "refs/heads/tailrace/a-2" in git.references
