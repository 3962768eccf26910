"""A tag claims a version: made once, found by all, and never moved."""

from __future__ import annotations

import asyncio

import pytest
from pygit2.enums import ObjectType
from tests.conformance.gitwork import head
from tests.conformance.worlds import World

from tailrace.forges.base import Conflict, Forge, ForgeError, NotFound, Tag
from tailrace.model import RepositoryName

FILES = {".runtime-version": b"0.1.1000\n"}
NAME = "runtime-v0.1.1001"


async def test_a_tag_that_is_made_is_found(world: World) -> None:
    made = await world.create("tagged", FILES)
    async with world.git(made) as git:
        commit = head(git)
    tag = Tag(NAME, commit, "Claim\n\nTailrace-Claim: run 1")
    async with world.forge() as forge:
        assert await forge.tag(made, NAME) is None
        await forge.create_tag(made, tag)
        found = await forge.tag(made, NAME)
    assert found is not None
    assert (found.name, found.commit, found.message.strip()) == (NAME, commit, tag.message)
    async with world.git(made) as git:
        reference = git.references[f"refs/tags/{NAME}"]
        assert git[reference.target].type == ObjectType.TAG
        assert str(reference.peel().id) == commit


async def test_a_tag_without_a_message_is_found_as_well(world: World) -> None:
    made = await world.create("light", FILES)
    async with world.git(made) as git:
        commit = head(git)
        git.references.create("refs/tags/v1", commit)
    async with world.forge() as forge:
        found = await forge.tag(made, "v1")
    # Its commit's message is not its own: whoever writes commits must not speak as a tag.
    assert found == Tag("v1", commit, "")


async def test_all_tags_are_listed_with_their_commits(world: World) -> None:
    made = await world.create("listed", FILES)
    async with world.forge() as forge:
        assert [tag async for tag in forge.tags(made)] == []
    async with world.git(made) as git:
        commit = head(git)
        for number in range(120):
            git.references.create(f"refs/tags/v{number:03}", commit)
    async with world.forge() as forge:
        found = {(tag.name, tag.commit) async for tag in forge.tags(made)}
    assert found == {(f"v{number:03}", commit) for number in range(120)}


async def test_of_six_claims_one_wins(world: World) -> None:
    made = await world.create("claims", FILES)
    async with world.git(made) as git:
        commit = head(git)

    async def claim(forge: Forge, number: int) -> int | ForgeError:
        try:
            await forge.create_tag(made, Tag(NAME, commit, f"run {number}"))
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


async def test_a_commit_that_no_pull_request_brought_has_no_labels(world: World) -> None:
    made = await world.create("labels", FILES)
    async with world.git(made) as git:
        commit = head(git)
    async with world.forge() as forge:
        assert await forge.merged_labels(made, commit) == ()
