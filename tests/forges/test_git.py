"""What the conformance suite cannot say of a folder of repositories."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ConfigLevel, FileMode
from tests.conformance.gitwork import Entry, at, commit, count, head
from tests.forges.scripted import Waits

from tailrace.forges.base import (
    BadAnswer,
    BranchMissing,
    Conflict,
    ForgeError,
    NotFound,
    PermissionDenied,
    Refused,
    Unreachable,
)
from tailrace.forges.blobs import blob_sha
from tailrace.forges.git import GitForge
from tailrace.model import FileChange, RepositoryName

NAME = RepositoryName("fleet", "one")
UPDATE = FileChange("pin", b"2\n", blob_sha(b"1\n"))


def made(path: Path, files: dict[str, Entry | bytes] | None = None) -> pygit2.Repository:
    git = pygit2.init_repository(str(path), bare=True, initial_head="main")
    commit(git, "main", files or {"pin": b"1\n"})
    return git


@pytest.mark.parametrize("layout", ["fleet/one.git", "fleet/one", "one.git"])
async def test_the_three_layouts(tmp_path: Path, layout: str) -> None:
    git = made(tmp_path / layout)
    forge = GitForge(tmp_path)
    assert (await forge.tree(NAME, None, ["pin"])).commit == head(git)
    assert [facts.name async for facts in forge.repositories("fleet")] == [NAME]
    await forge.write_files(NAME, "main", [UPDATE], "Take 2")
    assert at(git, "pin")[1] == b"2\n"


async def test_links_stay_inside(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    made(tmp_path / "outside.git")
    real = made(folder / "fleet" / "real.git")
    (folder / "fleet" / "one.git").symlink_to(tmp_path / "outside.git")
    (folder / "fleet" / "two.git").symlink_to(folder / "fleet" / "real.git")
    (folder / "out").symlink_to(tmp_path)
    forge = GitForge(folder)
    for name in (NAME, RepositoryName("out", "outside")):
        with pytest.raises(Refused, match="outside of the folder"):
            await forge.tree(name, None, ["pin"])
        with pytest.raises(Refused, match="outside of the folder"):
            await forge.write_files(name, "main", [UPDATE], "Take 2")
    assert (await forge.tree(RepositoryName("fleet", "two"), None, ["pin"])).commit == head(real)


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        await GitForge(tmp_path / "none").server()


async def test_what_is_no_bare_repository(tmp_path: Path) -> None:
    pygit2.init_repository(str(tmp_path / "fleet" / "one"))
    with pytest.raises(BadAnswer, match="git clone --bare"):
        await GitForge(tmp_path).tree(NAME, "main", ["pin"])


@pytest.mark.parametrize("broken", ["HEAD", "refs/heads/main", "object"])
async def test_a_corrupt_repository_says_so(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "fleet/one.git"
    git = made(path)
    tree = str(git.references["refs/heads/main"].peel(pygit2.Tree).id)
    git.free()
    target = path / (f"objects/{tree[:2]}/{tree[2:]}" if broken == "object" else broken)
    target.chmod(0o600)
    target.write_bytes(b"\x1b[31mgarbage")
    with pytest.raises(ForgeError, match="fleet/one: ") as caught:
        await GitForge(tmp_path).tree(NAME, None, ["pin"])
    assert "\x1b" not in str(caught.value)
    assert "fsck" in str(caught.value) or "clone --bare" in str(caught.value)


async def test_a_repository_of_another_user(tmp_path: Path) -> None:
    path = tmp_path / "fleet/one.git"
    made(path)
    if os.geteuid() != 0:
        # Only root can give a folder away; a foreign one is refused by the same check.
        assert (await GitForge(tmp_path).tree(NAME, None, ["pin"])).commit is not None
        return
    os.chown(path, 12345, 12345)
    with pytest.raises(PermissionDenied, match=r"safe\.directory"):
        await GitForge(tmp_path).tree(NAME, None, ["pin"])


async def test_head_on_no_branch(tmp_path: Path) -> None:
    git = made(tmp_path / "fleet/one.git")
    forge = GitForge(tmp_path)
    git.set_head(pygit2.Oid(hex=head(git)))
    with pytest.raises(BadAnswer, match="symbolic-ref"):
        await forge.tree(NAME, None, ["pin"])
    assert (await forge.tree(NAME, "main", ["pin"])).commit == head(git)
    git.set_head("refs/heads/renamed")
    with pytest.raises(BranchMissing, match="'renamed'"):
        await forge.tree(NAME, None, ["pin"])


async def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    git = made(tmp_path / "fleet/one.git")
    lock = tmp_path / "fleet/one.git/refs/heads/main.lock"
    lock.touch()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            lock.unlink()

    await GitForge(tmp_path, sleep=sleep).write_files(NAME, "main", [UPDATE], "Take 2")
    assert (len(waits), count(git)) == (2, 2)


async def test_a_lock_that_nobody_lets_go(tmp_path: Path) -> None:
    git = made(tmp_path / "fleet/one.git")
    lock = tmp_path / "fleet/one.git/refs/heads/main.lock"
    lock.touch()
    waits = Waits()
    with pytest.raises(Unreachable, match=r"main\.lock"):
        await GitForge(tmp_path, sleep=waits).write_files(NAME, "main", [UPDATE], "Take 2")
    assert (len(waits), count(git)) == (7, 1)


async def test_a_branch_that_moves_at_the_last_moment(tmp_path: Path) -> None:
    git = made(tmp_path / "fleet/one.git")
    lock = tmp_path / "fleet/one.git/refs/heads/main.lock"
    lock.touch()

    async def sleep(seconds: float) -> None:
        lock.unlink()
        commit(git, "main", {"other": b"faster\n"})

    with pytest.raises(Conflict, match="moved"):
        await GitForge(tmp_path, sleep=sleep).write_files(NAME, "main", [UPDATE], "Take 2")
    assert (count(git), at(git, "pin")[1]) == (2, b"1\n")


async def test_a_call_has_a_deadline(tmp_path: Path) -> None:
    made(tmp_path / "fleet/one.git")
    with pytest.raises(Unreachable, match="no answer in 0 s"):
        await GitForge(tmp_path, timeout=0).tree(NAME, None, ["pin"])


async def test_who_commits(tmp_path: Path) -> None:
    levels = (ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.SYSTEM)
    kept = [pygit2.settings.search_path[level] for level in levels]
    try:
        for level in levels:
            pygit2.settings.search_path[level] = str(tmp_path)
        git = made(tmp_path / "fleet/one.git")
        forge = GitForge(tmp_path)
        first = await forge.write_files(NAME, "main", [UPDATE], "Take 2")
        git.config["user.name"], git.config["user.email"] = "Release Bot", "bot@example.test"
        again = FileChange("pin", b"3\n", blob_sha(b"2\n"))
        second = await forge.write_files(NAME, "main", [again], "Take 3")
    finally:
        for level, value in zip(levels, kept, strict=True):
            pygit2.settings.search_path[level] = value
    authors = [git[sha].peel(pygit2.Commit).author for sha in (first.sha, second.sha)]
    assert [(author.name, author.email) for author in authors] == [
        ("tailrace", "tailrace@localhost"),
        ("Release Bot", "bot@example.test"),
    ]


@pytest.mark.parametrize(
    "path", ["../pin", "a/../pin", ".git/config", "/pin", "a//b", "a/./b", "", ".GIT/x", "a\0b"]
)
async def test_a_hostile_path_is_never_written(tmp_path: Path, path: str) -> None:
    git = made(tmp_path / "fleet/one.git")
    with pytest.raises(ForgeError):
        await GitForge(tmp_path).write_files(NAME, "main", [FileChange(path, b"x", None)], "x")
    assert count(git) == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [("link", blob_sha(b"pin")), ("pin/below", None), ("link/below", None)],
)
async def test_what_stands_in_the_way_is_left_alone(
    tmp_path: Path, path: str, expected: str | None
) -> None:
    git = made(tmp_path / "fleet/one.git", {"pin": b"1\n", "link": Entry(b"pin", FileMode.LINK)})
    change = FileChange(path, b"x", expected)
    with pytest.raises(Refused, match="next: "):
        await GitForge(tmp_path).write_files(NAME, "main", [change], "x")
    assert count(git) == 1


async def test_a_branch_in_the_way_of_a_new_one(tmp_path: Path) -> None:
    git = made(tmp_path / "fleet/one.git")
    with pytest.raises(Refused, match="in the way"):
        await GitForge(tmp_path).write_files(NAME, "main", [UPDATE], "Take 2", "main/below")
    assert list(git.references) == ["refs/heads/main"]


async def test_git_itself_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    path = tmp_path / "fleet/one.git"
    made(path, {"pin": b"1\n", "a/b/c": b"x", "a.b": b"x", "a-b": b"x"})
    forge = GitForge(tmp_path)
    await forge.write_files(NAME, "main", [UPDATE], "Take 2")
    await forge.write_files(NAME, "main", [FileChange("a/b/d/e", b"x", None)], "Take 2")
    fsck = ["git", "-C", str(path), "fsck", "--strict"]
    done = await asyncio.to_thread(subprocess.run, fsck, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"")
    assert forge.calls == 4
