"""Who may do what, and what a forge says of those who may not."""

from __future__ import annotations

import pytest
from tests.conformance.gitwork import at, count
from tests.conformance.worlds import Ability, World

from tailrace.forges.base import (
    Archived,
    ForgeError,
    NotFound,
    PermissionDenied,
    ProtectedBranch,
    Renamed,
    TokenRefused,
)
from tailrace.forges.blobs import blob_sha
from tailrace.model import FileChange, RepositoryName

UPDATE = FileChange("pin", b"2\n", blob_sha(b"1\n"))
FILES = {"pin": b"1\n"}
#: No forge knows a token like this.
BAD_TOKEN = "0123456789abcdef0123456789abcdef01234567"


async def untouched(world: World, name: RepositoryName) -> None:
    async with world.git(name) as git:
        assert (count(git), at(git, "pin")[1]) == (1, b"1\n")
        assert list(git.references) == ["refs/heads/main"]


@pytest.mark.needs(Ability.RENAME)
async def test_a_renamed_repository_is_followed_by_reads_and_refuses_writes(world: World) -> None:
    made = await world.create("before", FILES)
    now = await world.rename(made, world.named("after"))
    async with world.forge() as forge:
        for branch in (None, "main"):
            view = await forge.tree(made, branch, ["pin", "none"])
            assert (view.repository, view.branch, set(view.entries)) == (now, "main", {"pin"})
        assert await forge.blob(made, blob_sha(b"1\n"), 100) == b"1\n"
        for new_branch in (None, "n"):
            with pytest.raises(Renamed, match=r"before: is now .*after") as caught:
                await forge.write_files(made, "main", [UPDATE], "Take 2", new_branch)
            assert caught.value.to == now
            assert "next: " in str(caught.value)
        with pytest.raises(Renamed):
            await forge.repository(made)
    await untouched(world, now)


@pytest.mark.needs(Ability.RENAME, Ability.PULL_REQUESTS)
async def test_pull_requests_of_a_renamed_repository(world: World) -> None:
    made = await world.create("before", FILES)
    await world.rename(made, world.named("after"))
    async with world.forge() as forge:
        with pytest.raises(ForgeError, match="before: "):
            await forge.pull_requests(made, "main")
        with pytest.raises(Renamed):
            await forge.open_pull_request(made, "a", "main", "t", "")


@pytest.mark.needs(Ability.ARCHIVE)
async def test_an_archived_repository_is_readable_and_nothing_else(world: World) -> None:
    made = await world.create("archived", FILES)
    await world.archive(made)
    async with world.forge() as forge:
        view = await forge.tree(made, None, ["pin"])
        assert (view.archived, set(view.entries)) == (True, {"pin"})
        assert (await forge.repository(made)).archived
        for new_branch in (None, "n"):
            with pytest.raises(Archived, match="archived: ") as caught:
                await forge.write_files(made, "main", [UPDATE], "Take 2", new_branch)
            assert "next: " in str(caught.value)
    await untouched(world, made)


@pytest.mark.needs(Ability.PRIVATE)
async def test_a_private_repository_without_a_token(world: World) -> None:
    made = await world.create("private", FILES, private=True)
    async with world.forge() as forge:
        assert (await forge.repository(made)).private
    async with world.forge_as(None) as forge:
        with pytest.raises((NotFound, TokenRefused), match="private"):
            await forge.tree(made, "main", ["pin"])
        with pytest.raises((NotFound, TokenRefused, PermissionDenied)):
            await forge.write_files(made, "main", [UPDATE], "Take 2")
    await untouched(world, made)


@pytest.mark.needs(Ability.PRIVATE)
async def test_a_token_that_the_forge_does_not_know(world: World) -> None:
    made = await world.create("bad-token", FILES, private=True)
    async with world.forge_as(BAD_TOKEN) as forge:
        with pytest.raises(TokenRefused) as caught:
            await forge.account()
        assert "next: " in str(caught.value)
        with pytest.raises(TokenRefused):
            await forge.tree(made, "main", ["pin"])
        with pytest.raises(TokenRefused):
            await forge.write_files(made, "main", [UPDATE], "Take 2")
        assert forge.calls == 1, "one refusal is enough: more would lock the account"
    assert BAD_TOKEN not in str(caught.value)
    await untouched(world, made)


@pytest.mark.needs(Ability.ROLES)
async def test_a_token_that_may_only_read(world: World) -> None:
    made = await world.create("read-only", FILES)
    async with world.forge_as(world.read_only()) as forge:
        view = await forge.tree(made, "main", ["pin"])
        assert set(view.entries) == {"pin"}
        for new_branch in (None, "n"):
            with pytest.raises(PermissionDenied) as caught:
                await forge.write_files(made, "main", [UPDATE], "Take 2", new_branch)
            assert not isinstance(caught.value, ProtectedBranch)
            assert "read-only: " in str(caught.value)
            assert "next: " in str(caught.value)
    await untouched(world, made)


@pytest.mark.needs(Ability.ROLES)
async def test_a_user_without_write_permission(world: World) -> None:
    made = await world.create("foreign", FILES)
    async with world.forge_as(world.stranger()) as forge:
        assert (await forge.repository(made)).can_push is False
        with pytest.raises(PermissionDenied, match="foreign: ") as caught:
            await forge.write_files(made, "main", [UPDATE], "Take 2")
    assert not isinstance(caught.value, ProtectedBranch)
    await untouched(world, made)


@pytest.mark.needs(Ability.ROLES)
async def test_a_user_who_may_not_even_look(world: World) -> None:
    made = await world.create("secret", FILES, private=True)
    async with world.forge_as(world.stranger()) as forge:
        with pytest.raises(NotFound, match="private"):
            await forge.tree(made, "main", ["pin"])
        with pytest.raises(NotFound):
            await forge.write_files(made, "main", [UPDATE], "Take 2")
    await untouched(world, made)


@pytest.mark.needs(Ability.PROTECT)
async def test_a_protected_branch(world: World) -> None:
    made = await world.create("protected", FILES)
    await world.protect(made, "main")
    async with world.forge() as forge:
        with pytest.raises(ProtectedBranch, match="protected") as caught:
            await forge.write_files(made, "main", [UPDATE], "Take 2")
        assert "pull-request" in str(caught.value)
        await untouched(world, made)
        await forge.write_files(made, "main", [UPDATE], "Take 2", new_branch="tailrace/a-1")
    async with world.git(made) as git:
        assert at(git, "pin", "tailrace/a-1")[1] == b"2\n"


async def test_who_may_push_is_said(world: World) -> None:
    made = await world.create("mine", FILES)
    async with world.forge() as forge:
        assert (await forge.repository(made)).can_push is True


HOSTILE = ["..", ".", "a/b", "../fleet", "%2e%2e", "x?y=1", "x#y", "x y", "x\ny", "x\0y", "é", "*"]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_a_hostile_name_reaches_nothing(world: World, text: str) -> None:
    made = await world.create("victim", FILES)
    async with world.forge() as forge:
        for name in (RepositoryName(world.owner, text), RepositoryName(text, made.name)):
            with pytest.raises(ForgeError):
                await forge.tree(name, "main", ["pin"])
            with pytest.raises(ForgeError):
                await forge.write_files(name, "main", [UPDATE], "Take 2")
    await untouched(world, made)


@pytest.mark.parametrize(
    "text", ["../main", "a..b", "x y", "x\ny", "x\0y", "*", "@{-1}", "é"], ids=ascii
)
async def test_a_hostile_branch_reaches_nothing(world: World, text: str) -> None:
    made = await world.create("victim", FILES)
    async with world.forge() as forge:
        with pytest.raises(ForgeError) as caught:
            await forge.tree(made, text, ["pin"])
        assert all(line.isprintable() for line in str(caught.value).split("\n  "))
        with pytest.raises(ForgeError):
            await forge.write_files(made, text, [UPDATE], "Take 2")
    await untouched(world, made)


@pytest.mark.parametrize("path", ["../pin", "a/../pin", ".git/config", "/pin", "a//b", "a/./b"])
async def test_a_hostile_path_is_not_there(world: World, path: str) -> None:
    made = await world.create("victim", FILES)
    async with world.forge() as forge:
        view = await forge.tree(made, "main", [path])
        assert not view.entries
    await untouched(world, made)
