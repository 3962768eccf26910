"""Discovery: every repository of an owner, whatever the size of the pages."""

from __future__ import annotations

import pytest
from tests.conformance.worlds import Ability, World

from tailrace.forges.base import ForgeError, NotFound, Repository
from tailrace.model import FileKind


async def listed(world: World, owner: str, topic: str | None = None) -> list[Repository]:
    async with world.forge() as forge:
        return [facts async for facts in forge.repositories(owner, topic)]


async def test_all_repositories_of_an_owner(world: World) -> None:
    made = {(await world.create(f"r-{number:03}", {"pin": b"1\n"})).name for number in range(120)}
    found = await listed(world, world.owner)
    names = [facts.name.name for facts in found]
    assert len(names) == len(set(names))
    assert made <= set(names)
    assert {facts.name.owner for facts in found} == {world.owner}


@pytest.mark.needs(Ability.PRIVATE)
async def test_private_ones_are_listed_to_those_who_may_see_them(world: World) -> None:
    made = await world.create("hidden", {"pin": b"1\n"}, private=True)
    assert made in [facts.name for facts in await listed(world, world.owner)]


@pytest.mark.needs(Ability.TOPICS)
async def test_a_topic_is_matched_whole(world: World) -> None:
    for name, topics in (
        ("one", ["template"]),
        ("two", ["template", "python"]),
        ("three", ["templates"]),
        ("four", []),
    ):
        await world.topics(await world.create(name, {"pin": b"1\n"}), topics)
    found = {facts.name.name for facts in await listed(world, world.owner, "template")}
    assert found >= {world.named("one"), world.named("two")}
    assert not found & {world.named("three"), world.named("four")}


@pytest.mark.needs(Ability.ARCHIVE)
async def test_an_archived_one_says_so(world: World) -> None:
    made = await world.create("old", {"pin": b"1\n"})
    await world.archive(made)
    facts = next(facts for facts in await listed(world, world.owner) if facts.name == made)
    assert facts.archived


async def test_an_owner_who_is_not_there(world: World) -> None:
    await world.create("one", {"pin": b"1\n"})
    with pytest.raises(NotFound, match="nobody-of-this-name"):
        await listed(world, "nobody-of-this-name")


@pytest.mark.parametrize("owner", ["..", "a/b", "x?y=1", "x\0y"], ids=ascii)
async def test_a_hostile_owner(world: World, owner: str) -> None:
    await world.create("one", {"pin": b"1\n"})
    with pytest.raises(ForgeError):
        await listed(world, owner)


async def test_what_stands_directly_in_a_folder(world: World) -> None:
    made = await world.create("folder", {"a/b/x.yml": b"1\n", "a/b/y z": b"2\n", "a/b/c/d": b"3\n"})
    async with world.forge() as forge:
        view = await forge.tree(made, "main", ["a/b"])
        listed = await forge.folder(made, view.entries["a/b"].sha)
    found = {entry.path: (entry.kind, entry.size) for entry in listed}
    assert found == {
        "x.yml": (FileKind.FILE, 2),
        "y z": (FileKind.FILE, 2),
        "c": (FileKind.DIRECTORY, None),
    }
