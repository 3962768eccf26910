"""What a forge must say of a branch: what stands there, and proof of what does not."""

from __future__ import annotations

import pygit2
import pytest
from pygit2.enums import FileMode
from tests.conformance.gitwork import ELSEWHERE, SUBMODULE, Entry, branch_off, commit, head
from tests.conformance.worlds import World

from tailrace.forges.base import BadAnswer, BranchMissing, NotFound
from tailrace.forges.blobs import blob_sha
from tailrace.model import FileKind, RepositoryName

PIN = b"0.1.1000\n"


async def test_server_and_account_answer(world: World) -> None:
    async with world.forge() as forge:
        server = await forge.server()
        account = await forge.account()
        assert forge.calls >= 1
    assert server.kind == world.kind
    assert server.version
    assert (account.login is None) == (world.token is None)


async def test_every_kind_of_entry(world: World) -> None:
    made = await world.create(
        "kinds",
        {
            ".runtime-version": PIN,
            "folder/inside": b"deep\n",
            "script": Entry(b"#!/bin/sh\n", FileMode.BLOB_EXECUTABLE),
            "link": Entry(b".runtime-version", FileMode.LINK),
            "module": SUBMODULE,
        },
    )
    asked = [".runtime-version", "folder", "folder/inside", "script", "link", "module"]
    absent = ["nothing", "folder/nothing", "no/folder", ".runtime-version/x", "link/x", "module/x"]
    async with world.git(made) as git:
        newest = head(git)
    async with world.forge() as forge:
        view = await forge.tree(made, "main", [*asked, *absent])
    assert (view.repository, view.branch, view.commit) == (made, "main", newest)
    assert {path: entry.kind for path, entry in view.entries.items()} == {
        ".runtime-version": FileKind.FILE,
        "folder": FileKind.DIRECTORY,
        "folder/inside": FileKind.FILE,
        "script": FileKind.FILE,
        "link": FileKind.SYMLINK,
        "module": FileKind.SUBMODULE,
    }
    pin = view.entries[".runtime-version"]
    assert (pin.sha, pin.size, pin.path) == (blob_sha(PIN), len(PIN), ".runtime-version")
    assert view.entries["module"].sha == ELSEWHERE


async def test_a_listing_too_long_for_one_answer_still_proves_absence(world: World) -> None:
    files = {f"a/wide/{number:04}": b"%d\n" % number for number in range(1100)}
    made = await world.create("wide", {**files, "z/pin": PIN, "zz": PIN})
    asked = ["a/wide/0000", "a/wide/1099", "a/wide/1100", "z/pin", "z/none", "zz", "zz/none", "zzz"]
    async with world.forge() as forge:
        view = await forge.tree(made, "main", asked)
    assert set(view.entries) == {"a/wide/0000", "a/wide/1099", "z/pin", "zz"}
    assert view.entries["a/wide/1099"].sha == blob_sha(b"1099\n")
    assert view.entries["z/pin"].path == "z/pin"


async def test_the_default_branch_is_the_forges(world: World) -> None:
    made = await world.create("trunk", {"pin": PIN}, default_branch="trunk")
    async with world.forge() as forge:
        view = await forge.tree(made, None, ["pin"])
        facts = await forge.repository(made)
    assert (view.branch, set(view.entries)) == ("trunk", {"pin"})
    assert (facts.name, facts.default_branch, facts.empty) == (made, "trunk", False)


async def test_a_branch_with_slashes(world: World) -> None:
    made = await world.create("slashes", {"pin": PIN})
    async with world.git(made) as git:
        branch_off(git, "release/0.1/x")
        newest = commit(git, "release/0.1/x", {"pin": b"0.1.1001\n"})
    async with world.forge() as forge:
        view = await forge.tree(made, "release/0.1/x", ["pin"])
    assert view.commit == newest
    assert view.entries["pin"].sha == blob_sha(b"0.1.1001\n")


async def test_a_tag_does_not_hide_the_branch_of_its_name(world: World) -> None:
    made = await world.create("tagged", {"pin": PIN})
    async with world.git(made) as git:
        git.references.create("refs/tags/main", pygit2.Oid(hex=head(git)))
        newest = commit(git, "main", {"pin": b"0.1.1001\n"})
    async with world.forge() as forge:
        view = await forge.tree(made, "main", ["pin"])
        by_default = await forge.tree(made, None, ["pin"])
    assert view.commit == by_default.commit == newest
    assert view.entries["pin"].sha == blob_sha(b"0.1.1001\n")


@pytest.mark.parametrize(
    "branch", ["nothing", "mai", "main/x", "no/such/branch", "refs/heads/main"]
)
async def test_a_missing_branch_is_not_a_missing_repository(world: World, branch: str) -> None:
    made = await world.create("branches", {"pin": PIN})
    async with world.forge() as forge:
        with pytest.raises(BranchMissing, match="branches: has no branch") as caught:
            await forge.tree(made, branch, ["pin"])
    assert "'main'" in str(caught.value)
    assert "next: " in str(caught.value)


async def test_an_empty_repository_is_a_state_of_its_own(world: World) -> None:
    made = await world.create("empty")
    async with world.forge() as forge:
        by_default = await forge.tree(made, None, ["pin"])
        by_name = await forge.tree(made, "main", ["pin"])
        facts = await forge.repository(made)
    for view in (by_default, by_name):
        assert (view.repository, view.branch) == (made, "main")
        assert view.commit is None
        assert not view.entries
    assert facts.empty


async def test_a_missing_repository(world: World) -> None:
    await world.create("there", {"pin": PIN})
    missing = RepositoryName(world.owner, world.named("not-there"))
    async with world.forge() as forge:
        for branch in (None, "main"):
            with pytest.raises(NotFound, match="not-there: not ") as caught:
                await forge.tree(missing, branch, ["pin"])
            assert not isinstance(caught.value, BranchMissing)
        with pytest.raises(NotFound):
            await forge.repository(missing)
        with pytest.raises(NotFound):
            await forge.blob(missing, blob_sha(PIN), 100)


async def test_blobs_are_read_byte_by_byte_and_bounded(world: World) -> None:
    odd = bytes(range(256)) * 3 + b"\r\n"
    made = await world.create("blobs", {"odd": odd, "none": b"", "big": b"x" * 5000})
    async with world.forge() as forge:
        assert await forge.blob(made, blob_sha(odd), len(odd)) == odd
        assert await forge.blob(made, blob_sha(b""), 0) == b""
        with pytest.raises(BadAnswer):
            await forge.blob(made, blob_sha(b"x" * 5000), 4999)


async def test_a_blob_that_is_none(world: World) -> None:
    made = await world.create("no-blob", {"folder/pin": PIN})
    async with world.git(made) as git:
        folder = str(git.references["refs/heads/main"].peel(pygit2.Tree)["folder"].id)
    async with world.forge() as forge:
        for sha in ("1" * 40, folder):
            with pytest.raises((NotFound, BadAnswer)):
                await forge.blob(made, sha, 100)
