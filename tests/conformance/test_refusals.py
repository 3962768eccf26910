"""What a forge says that cannot do a thing: a reason and a next step, never silence."""

from __future__ import annotations

import pytest
from tests.conformance.worlds import Ability, World

from tailrace.forges.base import ForgeError, NotFound
from tailrace.model import FailureKind, PullRequest, RepositoryName

FILES = {"pin": b"1\n"}


@pytest.mark.lacks(Ability.PULL_REQUESTS)
async def test_no_pull_requests(world: World) -> None:
    made = await world.create("plain", FILES)
    pull_request = PullRequest(1, "", "a", "main")
    async with world.forge() as forge:
        for call in (
            forge.pull_requests(made, "main"),
            forge.open_pull_request(made, "a", "main", "t", ""),
            forge.close_pull_request(made, pull_request, "why"),
        ):
            with pytest.raises(ForgeError, match='strategy = "commit"') as caught:
                await call
            assert caught.value.kind is FailureKind.REFUSED


@pytest.mark.lacks(Ability.TOPICS)
async def test_no_topics(world: World) -> None:
    await world.create("plain", FILES)
    async with world.forge() as forge:
        with pytest.raises(ForgeError, match="no topics") as caught:
            await anext(aiter(forge.repositories(world.owner, "template")))
    assert caught.value.kind is FailureKind.REFUSED


@pytest.mark.lacks(Ability.RENAME)
async def test_a_moved_repository_is_gone(world: World) -> None:
    await world.create("after", FILES)
    async with world.forge() as forge:
        with pytest.raises(NotFound, match="before"):
            await forge.tree(RepositoryName(world.owner, "before"), "main", ["pin"])


@pytest.mark.lacks(Ability.ARCHIVE, Ability.PRIVATE, Ability.ROLES, Ability.PROTECT)
async def test_no_states_and_no_tokens(world: World) -> None:
    made = await world.create("plain", FILES)
    async with world.forge_as("any token is as good as none") as forge:
        facts = await forge.repository(made)
        view = await forge.tree(made, None, ["pin"])
        assert (await forge.account()).login is None
    assert (facts.archived, facts.private, facts.topics) == (False, False, ())
    assert view.archived is None
