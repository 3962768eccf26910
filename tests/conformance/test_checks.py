"""What lints need of a forge: protection, the newest commits, their statuses, issues."""

from __future__ import annotations

import pytest
from tests.conformance.gitwork import commit, head
from tests.conformance.worlds import Ability, World

from tailrace.forges.base import NotFound, Protection, Refused
from tailrace.model import RepositoryName

FILES = {".runtime-version": b"0.1.1000\n"}


async def test_a_branch_without_protection(world: World) -> None:
    made = await world.create("free", FILES)
    async with world.forge() as forge:
        assert await forge.protection(made, "main") is None


@pytest.mark.needs(Ability.CHECKS)
async def test_the_contexts_that_have_to_pass(world: World) -> None:
    made = await world.create("required", FILES)
    contexts = ("CI / lint (pull_request)", "CI / test*")
    await world.require(made, "main", contexts)
    async with world.forge() as forge:
        assert await forge.protection(made, "main") == Protection("main", True, contexts)


async def test_the_newest_commits_come_first(world: World) -> None:
    made = await world.create("history", FILES)
    async with world.git(made) as git:
        made_by_us = [head(git)]
        made_by_us += [commit(git, "main", {"n": b"%d" % number}) for number in range(4)]
    async with world.forge() as forge:
        assert await forge.commits(made, "main", 3) == tuple(made_by_us[:1:-1])
        assert await forge.commits(made, "main", 50) == tuple(made_by_us[::-1])


@pytest.mark.needs(Ability.CHECKS)
async def test_the_newest_state_of_each_context(world: World) -> None:
    made = await world.create("statuses", FILES)
    async with world.git(made) as git:
        at = head(git)
    for context, state in (("a", "pending"), ("b", "failure"), ("a", "success")):
        await world.status(made, at, context, state)
    async with world.forge() as forge:
        assert await forge.statuses(made, at) == {"a": "success", "b": "failure"}


@pytest.mark.needs(Ability.CHECKS)
async def test_an_issue_that_is_there_and_one_that_is_not(world: World) -> None:
    made = await world.create("issues", FILES)
    number = await world.open_issue(made)
    async with world.forge() as forge:
        found = await forge.issue(made, number)
        assert found is not None
        assert (found.number, found.is_open) == (number, True)
        assert await forge.issue(made, number + 1000) is None


@pytest.mark.lacks(Ability.CHECKS)
async def test_what_a_folder_of_repositories_has_not(world: World) -> None:
    made = await world.create("lacking", FILES)
    async with world.forge() as forge:
        with pytest.raises(Refused, match="has no statuses"):
            await forge.statuses(made, "0" * 40)
        with pytest.raises(Refused, match="has no issues"):
            await forge.issue(made, 1)


async def test_a_repository_that_is_not_there(world: World) -> None:
    missing = RepositoryName(world.owner, world.named("not-there"))
    async with world.forge() as forge:
        with pytest.raises(NotFound, match="not-there"):
            await forge.protection(missing, "main")
        with pytest.raises(NotFound, match="not-there"):
            await forge.commits(missing, "main", 5)
