"""A tag claims a version: made once, found by all, and never moved."""

from __future__ import annotations

import asyncio

import pytest
from pygit2.enums import ObjectType
from tests.conformance.gitwork import branch_off, commit, head
from tests.conformance.worlds import Ability, World

from tailrace.forges.base import Conflict, Forge, ForgeError, NotFound, Tag
from tailrace.model import RepositoryName

FILES = {".runtime-version": b"0.1.1000\n"}
NAME = "runtime-v0.1.1001"


async def test_a_tag_that_is_made_is_found(world: World) -> None:
    made = await world.create("tagged", FILES)
    async with world.git(made) as git:
        at = head(git)
    tag = Tag(NAME, at, "Claim\n\nTailrace-Claim: run 1")
    async with world.forge() as forge:
        assert await forge.tag(made, NAME) is None
        await forge.create_tag(made, tag)
        found = await forge.tag(made, NAME)
    assert found is not None
    assert (found.name, found.commit, found.message.strip()) == (NAME, at, tag.message)
    async with world.git(made) as git:
        reference = git.references[f"refs/tags/{NAME}"]
        assert git[reference.target].type == ObjectType.TAG
        assert str(reference.peel().id) == at


async def test_a_tag_without_a_message_is_found_as_well(world: World) -> None:
    made = await world.create("light", FILES)
    async with world.git(made) as git:
        at = head(git)
        git.references.create("refs/tags/v1", at)
    async with world.forge() as forge:
        found = await forge.tag(made, "v1")
    # Its commit's message is not its own: whoever writes commits must not speak as a tag.
    assert found == Tag("v1", at, "")


async def test_all_tags_are_listed_with_their_commits(world: World) -> None:
    made = await world.create("listed", FILES)
    async with world.forge() as forge:
        assert [tag async for tag in forge.tags(made)] == []
    async with world.git(made) as git:
        at = head(git)
        for number in range(120):
            git.references.create(f"refs/tags/v{number:03}", at)
    async with world.forge() as forge:
        found = {(tag.name, tag.commit) async for tag in forge.tags(made)}
    assert found == {(f"v{number:03}", at) for number in range(120)}


async def test_of_six_claims_one_wins(world: World) -> None:
    made = await world.create("claims", FILES)
    async with world.git(made) as git:
        at = head(git)

    async def claim(forge: Forge, number: int) -> int | ForgeError:
        try:
            await forge.create_tag(made, Tag(NAME, at, f"run {number}"))
        except ForgeError as error:
            return error
        return number

    async with world.forge() as forge:
        results = await asyncio.gather(*(claim(forge, number) for number in range(6)))
        found = await forge.tag(made, NAME)
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1, results
    assert sum(isinstance(result, Conflict) for result in results) == 5, results
    assert found is not None
    assert found.message.strip() == f"run {winners[0]}"


async def test_a_repository_that_is_not_there(world: World) -> None:
    missing = RepositoryName(world.owner, world.named("not-there"))
    async with world.forge() as forge:
        with pytest.raises(NotFound, match="not-there"):
            await forge.tag(missing, NAME)
        with pytest.raises(NotFound, match="not-there"):
            await forge.create_tag(missing, Tag(NAME, "0" * 40, "run 1"))
        with pytest.raises(NotFound, match="not-there"):
            await forge.merged_labels(missing, "0" * 40)


@pytest.mark.needs(Ability.PULL_REQUESTS)
async def test_the_labels_of_the_pull_request_that_was_merged_as_a_commit(world: World) -> None:
    made = await world.create("merged", FILES)
    async with world.git(made) as git:
        branch_off(git, "topic")
        commit(git, "topic", {"new": b"1\n"})
        before = head(git)
    labels = ("release:minor", "other")
    merged = await world.merged(made, "topic", labels)
    async with world.forge() as forge:
        assert sorted(await forge.merged_labels(made, merged)) == sorted(labels)
        assert await forge.merged_labels(made, before) == ()


async def test_a_commit_that_no_pull_request_brought_has_no_labels(world: World) -> None:
    made = await world.create("labels", FILES)
    async with world.git(made) as git:
        at = head(git)
    async with world.forge() as forge:
        assert await forge.merged_labels(made, at) == ()
