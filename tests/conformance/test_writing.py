"""What a write must do: one commit or none, and never over something that was not looked at."""

from __future__ import annotations

import asyncio

import pytest
from pygit2.enums import FileMode
from tests.conformance.gitwork import Entry, at, branch_off, commit, count, head
from tests.conformance.worlds import World

from tailrace.forges.base import BranchMissing, Conflict, Forge, ForgeError, NotFound
from tailrace.forges.blobs import blob_sha
from tailrace.model import Commit, FileChange, RepositoryName

OLD, NEW = b"0.1.1000\n", b"0.1.1001\n"
PIN = ".runtime-version"
UPDATE = FileChange(PIN, NEW, blob_sha(OLD))
MESSAGE = "Take runtime 0.1.1001\n\nTailrace-Release: runtime 0.1.1001\n"


async def test_an_update_is_one_commit_with_the_message(world: World) -> None:
    script = Entry(b"#!/bin/sh\n", FileMode.BLOB_EXECUTABLE)
    made = await world.create("update", {PIN: OLD, "a/b/c": b"kept\n", "script": script})
    async with world.forge() as forge:
        written = await forge.write_files(made, "main", [UPDATE], MESSAGE)
        view = await forge.tree(made, "main", [PIN])
    assert (view.commit, view.entries[PIN].sha) == (written.sha, blob_sha(NEW))
    assert written.blobs == (blob_sha(NEW),)
    async with world.git(made) as git:
        assert (count(git), head(git)) == (2, written.sha)
        assert at(git, PIN) == (FileMode.BLOB, NEW)
        assert at(git, "a/b/c") == (FileMode.BLOB, b"kept\n")
        assert at(git, "script") == (FileMode.BLOB_EXECUTABLE, b"#!/bin/sh\n")
        newest = git[written.sha]
        assert newest.message.rstrip("\n") == MESSAGE.rstrip("\n")  # type: ignore[attr-defined]


async def test_a_new_file_in_new_folders(world: World) -> None:
    made = await world.create("create", {"a/kept": b"kept\n"})
    change = FileChange("a/new folder/pin", NEW, None)
    async with world.forge() as forge:
        written = await forge.write_files(made, "main", [change], MESSAGE)
    async with world.git(made) as git:
        assert (count(git), head(git)) == (2, written.sha)
        assert at(git, "a/new folder/pin") == (FileMode.BLOB, NEW)
        assert at(git, "a/kept") == (FileMode.BLOB, b"kept\n")


async def test_every_byte_is_written_as_it_is(world: World) -> None:
    odd = bytes(range(256)) + b"\r\n\xef\xbb\xbf"
    made = await world.create("bytes", {PIN: OLD})
    async with world.forge() as forge:
        await forge.write_files(made, "main", [FileChange(PIN, odd, blob_sha(OLD))], MESSAGE)
        await forge.write_files(made, "main", [FileChange("b", odd, None)], MESSAGE, new_branch="n")
    async with world.git(made) as git:
        assert at(git, PIN)[1] == odd
        assert at(git, "b", "n")[1] == odd


async def test_an_executable_pin(world: World) -> None:
    made = await world.create("executable", {PIN: Entry(OLD, FileMode.BLOB_EXECUTABLE)})
    async with world.forge() as forge:
        await forge.write_files(made, "main", [UPDATE], MESSAGE)
    kept = FileMode.BLOB_EXECUTABLE if world.keeps_mode else FileMode.BLOB
    async with world.git(made) as git:
        assert at(git, PIN) == (kept, NEW)


@pytest.mark.parametrize("new_branch", [None, "tailrace/one"])
@pytest.mark.parametrize(
    "change",
    [
        FileChange(PIN, NEW, blob_sha(b"what stood there before\n")),
        FileChange(PIN, NEW, None),
    ],
    ids=["stale", "exists"],
)
async def test_a_swap_that_does_not_match_is_a_conflict(
    world: World, change: FileChange, new_branch: str | None
) -> None:
    made = await world.create("stale", {PIN: OLD})
    async with world.forge() as forge:
        with pytest.raises(Conflict, match="stale"):
            await forge.write_files(made, "main", [change], MESSAGE, new_branch)
    async with world.git(made) as git:
        assert (count(git), at(git, PIN)[1]) == (1, OLD)
        assert [ref for ref in git.references if ref.startswith("refs/heads/")] == [
            "refs/heads/main"
        ]


async def test_a_file_that_is_gone(world: World) -> None:
    made = await world.create("gone", {PIN: OLD, "other": b"kept\n"})
    async with world.git(made) as git:
        commit(git, "main", {PIN: None})
    async with world.forge() as forge:
        if world.recreates:
            await forge.write_files(made, "main", [UPDATE], MESSAGE)
        else:
            with pytest.raises(Conflict):
                await forge.write_files(made, "main", [UPDATE], MESSAGE)
        # Only the short way of the contents API is blind here.
        change = FileChange("never", NEW, blob_sha(OLD))
        with pytest.raises(Conflict):
            await forge.write_files(made, "main", [change], MESSAGE, new_branch="n")
    async with world.git(made) as git:
        assert count(git) == (3 if world.recreates else 2)
        assert at(git, "other")[1] == b"kept\n"


async def test_another_file_may_change_in_between(world: World) -> None:
    made = await world.create("beside", {PIN: OLD})
    async with world.git(made) as git:
        commit(git, "main", {"other": b"somebody was here\n"})
    async with world.forge() as forge:
        await forge.write_files(made, "main", [UPDATE], MESSAGE)
    async with world.git(made) as git:
        assert (count(git), at(git, PIN)[1]) == (3, NEW)
        assert at(git, "other")[1] == b"somebody was here\n"


async def test_of_six_writers_at_once_one_wins_and_the_others_know(world: World) -> None:
    made = await world.create("race", {PIN: OLD})

    async def writer(forge: Forge, number: int) -> Commit | ForgeError:
        change = FileChange(PIN, b"0.1.%d\n" % (1001 + number), blob_sha(OLD))
        try:
            return await forge.write_files(made, "main", [change], MESSAGE)
        except ForgeError as error:
            return error

    async with world.forge() as forge:
        results = await asyncio.gather(*(writer(forge, number) for number in range(6)))
    winners = [result for result in results if isinstance(result, Commit)]
    losers = [result for result in results if isinstance(result, Conflict)]
    assert (len(winners), len(losers)) == (1, 5), results
    async with world.git(made) as git:
        assert (count(git), head(git)) == (2, winners[0].sha)


async def test_a_new_branch_off_the_old_one(world: World) -> None:
    made = await world.create("branch", {PIN: OLD, "kept": b"kept\n"})
    async with world.forge() as forge:
        written = await forge.write_files(made, "main", [UPDATE], MESSAGE, "tailrace/r-1")
        view = await forge.tree(made, "tailrace/r-1", [PIN])
    assert (view.commit, view.entries[PIN].sha) == (written.sha, written.blobs[0])
    async with world.git(made) as git:
        assert (count(git), at(git, PIN)[1]) == (1, OLD)
        assert (count(git, "tailrace/r-1"), at(git, PIN, "tailrace/r-1")[1]) == (2, NEW)
        assert at(git, "kept", "tailrace/r-1")[1] == b"kept\n"


async def test_a_new_branch_that_is_there_already(world: World) -> None:
    made = await world.create("branch-exists", {PIN: OLD})
    async with world.git(made) as git:
        branch_off(git, "taken")
        mine = commit(git, "taken", {"other": b"mine\n"})
    async with world.forge() as forge:
        with pytest.raises(Conflict, match="branch-exists"):
            await forge.write_files(made, "main", [UPDATE], MESSAGE, new_branch="taken")
    async with world.git(made) as git:
        assert head(git, "taken") == mine
        assert count(git) == 1


async def test_six_new_branches_of_one_name_make_one(world: World) -> None:
    made = await world.create("branch-race", {PIN: OLD})

    async def writer(forge: Forge) -> Commit | ForgeError:
        try:
            return await forge.write_files(made, "main", [UPDATE], MESSAGE, new_branch="one")
        except ForgeError as error:
            return error

    async with world.forge() as forge:
        results = await asyncio.gather(*(writer(forge) for _ in range(6)))
    winners = [result for result in results if isinstance(result, Commit)]
    assert len(winners) == 1, results
    assert sum(isinstance(result, Conflict) for result in results) == 5, results
    async with world.git(made) as git:
        assert (head(git, "one"), count(git, "one")) == (winners[0].sha, 2)


async def test_several_files_are_one_commit(world: World) -> None:
    files = {PIN: OLD, "a/Dockerfile": b"ARG V=0.1.1000\n", "kept": b"kept\n"}
    made = await world.create("several", files)
    docker = b"ARG V=0.1.1001\n"
    changes = [
        UPDATE,
        FileChange("a/Dockerfile", docker, blob_sha(files["a/Dockerfile"])),
        FileChange("new/pin", NEW, None),
    ]
    async with world.forge() as forge:
        written = await forge.write_files(made, "main", changes, MESSAGE)
        await forge.write_files(made, "main", [FileChange("b", NEW, None)], MESSAGE, "other")
    assert written.blobs == (blob_sha(NEW), blob_sha(docker), blob_sha(NEW))
    async with world.git(made) as git:
        assert (count(git), head(git)) == (2, written.sha)
        assert [at(git, path)[1] for path in (PIN, "a/Dockerfile", "new/pin")] == [NEW, docker, NEW]
        assert at(git, "kept")[1] == b"kept\n"


@pytest.mark.parametrize("new_branch", [None, "n"])
async def test_of_several_files_one_that_does_not_match_stops_all(
    world: World, new_branch: str | None
) -> None:
    made = await world.create("several-stale", {PIN: OLD, "b": OLD})
    changes = [UPDATE, FileChange("b", NEW, blob_sha(b"other\n"))]
    async with world.forge() as forge:
        with pytest.raises(Conflict, match="several-stale"):
            await forge.write_files(made, "main", changes, MESSAGE, new_branch)
    async with world.git(made) as git:
        assert (count(git), at(git, PIN)[1]) == (1, OLD)


async def test_of_six_writers_of_several_files_one_wins(world: World) -> None:
    made = await world.create("several-race", {PIN: OLD, "b": OLD})

    async def writer(forge: Forge, number: int) -> Commit | ForgeError:
        new = b"0.1.%d\n" % (1001 + number)
        changes = [FileChange(path, new, blob_sha(OLD)) for path in (PIN, "b")]
        try:
            return await forge.write_files(made, "main", changes, MESSAGE)
        except ForgeError as error:
            return error

    async with world.forge() as forge:
        results = await asyncio.gather(*(writer(forge, number) for number in range(6)))
    winners = [result for result in results if isinstance(result, Commit)]
    assert len(winners) == 1, results
    assert sum(isinstance(result, Conflict) for result in results) == 5, results
    async with world.git(made) as git:
        assert (count(git), head(git)) == (2, winners[0].sha)
        assert at(git, PIN) == at(git, "b")


async def test_a_branch_that_is_not_there(world: World) -> None:
    made = await world.create("no-branch", {PIN: OLD})
    async with world.forge() as forge:
        with pytest.raises(BranchMissing, match="no-branch") as caught:
            await forge.write_files(made, "nothing", [UPDATE], MESSAGE)
    assert "next: " in str(caught.value)
    async with world.git(made) as git:
        assert list(git.references) == ["refs/heads/main"]


async def test_a_repository_that_is_not_there(world: World) -> None:
    missing = RepositoryName(world.owner, world.named("not-there"))
    async with world.forge() as forge:
        with pytest.raises(NotFound, match="not-there"):
            await forge.write_files(missing, "main", [UPDATE], MESSAGE)
