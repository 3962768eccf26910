"""Every row of the forge contract's table: what the sandbox answers, and what we make of it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from tailrace.forges.base import (
    Archived,
    BranchMissing,
    Conflict,
    Forge,
    ForgeError,
    NotFound,
    PermissionDenied,
    ProtectedBranch,
    Renamed,
    TokenRefused,
)
from tailrace.forges.open import open_forge
from tailrace.model import FileChange, ForgeKind, RepositoryName
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import ForgeSettings

PINNED = "/repos/acme/pinned"
PIN = f"{PINNED}/contents/.runtime-version"
REPOSITORY = RepositoryName("acme", "pinned")
RECORDED_HOOKS = json.loads(
    (Path(__file__).parents[1] / "fixtures/forge-contract/gitea-1.22-dev-webhooks.json").read_text()
)


class Peer:
    """Somebody who calls the API by hand, and the adapter beside."""

    def __init__(self, server: SandboxServer, http: aiohttp.ClientSession, clock: list[float]):
        self.server = server
        self.store = server.forge
        self.clock = clock
        self._http = http

    async def call(
        self, method: str, path: str, body: Any = None, token: str | None = ""
    ) -> tuple[int, Any, Any]:
        """Status, body, headers. ``token`` None is anonymous, empty the administrator's."""
        headers = {}
        if token is not None:
            headers["Authorization"] = f"token {token or self.store.admin_token}"
        url = URL(f"{self.server.url}/api/v1{path}", encoded=True)
        async with self._http.request(
            method, url, json=body, headers=headers, allow_redirects=False
        ) as answer:
            is_json = answer.content_type == "application/json"
            text = await answer.text()
            return answer.status, json.loads(text) if is_json and text else text, answer.headers

    def forge(self, token: str | None = "") -> Forge:
        """The adapter."""
        settings = ForgeSettings(ForgeKind.GITEA, self.server.url)
        used = self.store.admin_token if token == "" else token
        return open_forge(settings, used, sleep=no_wait)

    async def sha(self, path: str = PIN) -> str:
        """The blob that stands at a path."""
        return str((await self.call("GET", path))[1]["sha"])

    async def pull(self, head: str, content: bytes, path: str = "f.txt") -> None:
        """A pull request from a new branch with one file."""
        edit = new(content) | {"branch": "main", "new_branch": head}
        assert (await self.call("POST", f"{PINNED}/contents/{path}", edit))[0] == 201
        wanted = {"head": head, "base": "main", "title": head}
        assert (await self.call("POST", f"{PINNED}/pulls", wanted))[0] == 201


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


def new(content: bytes, **more: str) -> dict[str, str]:
    return {"content": base64.b64encode(content).decode(), "message": "m", **more}


@pytest_asyncio.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    clock = [1_800_000_000.0]
    async with (
        SandboxServer(tmp_path, clock=lambda: clock[0]) as server,
        aiohttp.ClientSession() as http,
    ):
        server.forge.create_repository(
            "acme", "pinned", {".runtime-version": b"0.1.129\n", "README.md": b"r\n"}
        )
        yield Peer(server, http, clock)


async def test_put_with_a_stale_sha_is_422_and_a_conflict(peer: Peer) -> None:
    status, body, _ = await peer.call("PUT", PIN, new(b"x", sha="0" * 40))
    assert status == 422
    assert body["message"].startswith(f"sha does not match [given: {'0' * 40}, expected: ")
    async with peer.forge() as forge:
        with pytest.raises(Conflict):
            await forge.write_files(
                REPOSITORY, "main", [FileChange(".runtime-version", b"x", "0" * 40)], "m"
            )


async def test_put_without_a_sha_is_422(peer: Peer) -> None:
    assert (await peer.call("PUT", PIN, new(b"x")))[:2] == (
        422,
        {"message": "[SHA]: Required", "url": f"{peer.server.url}/api/swagger"},
    )


async def test_post_on_a_file_that_exists_is_422_and_a_conflict(peer: Peer) -> None:
    status, body, _ = await peer.call("POST", PIN, new(b"x"))
    assert status == 422
    assert body["message"] == "repository file already exists [path: .runtime-version]"
    async with peer.forge() as forge:
        with pytest.raises(Conflict):
            await forge.write_files(
                REPOSITORY, "main", [FileChange(".runtime-version", b"x", None)], "m"
            )


async def test_of_several_writers_one_succeeds_and_the_others_are_conflicts(peer: Peer) -> None:
    peer.server.before_commit = asyncio.Barrier(6).wait
    async with peer.forge() as forge:

        async def write(number: int) -> str:
            change = FileChange(f"{number}.txt", b"x", None)
            try:
                return (await forge.write_files(REPOSITORY, "main", [change], "m")).sha
            except Conflict:
                return "conflict"

        results = await asyncio.gather(*(write(number) for number in range(6)))
    assert results.count("conflict") == 5
    _, commits, _ = await peer.call("GET", f"{PINNED}/commits")
    assert [commit["sha"] for commit in commits][:1] == [r for r in results if r != "conflict"]
    assert len(commits) == 2


async def test_put_of_the_same_content_makes_an_empty_commit(peer: Peer) -> None:
    edit = new(b"0.1.129\n", sha=await peer.sha())
    status, body, _ = await peer.call("PUT", PIN, edit)
    assert status == 200
    _, commits, _ = await peer.call("GET", f"{PINNED}/commits")
    assert commits[0]["sha"] == body["commit"]["sha"]
    assert len(commits) == 2


async def test_put_on_a_path_that_is_not_there_is_500_and_a_conflict(peer: Peer) -> None:
    status, body, _ = await peer.call("PUT", f"{PINNED}/contents/no/x", new(b"x", sha="0" * 40))
    assert (status, body["message"]) == (500, "object does not exist [id: , rel_path: no]")
    async with peer.forge() as forge:
        with pytest.raises(Conflict):
            await forge.write_files(REPOSITORY, "main", [FileChange("no/x", b"x", "0" * 40)], "m")


async def test_delete_with_a_stale_sha_is_400(peer: Peer) -> None:
    status, body, _ = await peer.call("DELETE", PIN, {"sha": "0" * 40, "message": "m"})
    assert status == 400
    assert body["message"].startswith("sha does not match")


async def test_an_empty_repository_is_a_state_of_its_own(peer: Peer) -> None:
    peer.store.create_repository("acme", "empty")
    assert (await peer.call("GET", "/repos/acme/empty/contents/x"))[:2] == (200, [])
    assert (await peer.call("GET", "/repos/acme/empty/branches/main"))[0] == 404
    status, body, _ = await peer.call("GET", "/repos/acme/empty/git/trees/main")
    assert (status, body["message"]) == (400, "sha not found [main]")
    async with peer.forge() as forge:
        for branch in (None, "main"):
            view = await forge.tree(RepositoryName("acme", "empty"), branch, ["x"])
            assert (view.commit, view.entries) == (None, {})


async def test_the_tree_of_a_ref_that_is_not_there_is_400(peer: Peer) -> None:
    status, body, _ = await peer.call("GET", f"{PINNED}/git/trees/x")
    assert (status, body["message"]) == (400, "sha not found [x]")
    async with peer.forge() as forge:
        with pytest.raises(BranchMissing, match="its default is 'main'"):
            await forge.tree(REPOSITORY, "x", ["y"])


async def test_a_tree_listing_has_pages_of_1000(peer: Peer) -> None:
    files = {f"a/{number:04}": b"x" for number in range(1200)} | {"z/pin": b"1\n"}
    peer.store.create_repository("acme", "large", files)
    status, body, _ = await peer.call("GET", "/repos/acme/large/git/trees/main?recursive=1")
    assert (status, len(body["tree"]), body["truncated"], body["page"]) == (200, 1000, True, 1)
    assert body["total_count"] == 1203
    async with peer.forge() as forge:
        view = await forge.tree(
            RepositoryName("acme", "large"), "main", ["z/pin", "a/1100", "z/no", "a/none"]
        )
    assert sorted(view.entries) == ["a/1100", "z/pin"]


async def test_contents_of_a_folder_is_a_list_and_of_a_file_an_object(peer: Peer) -> None:
    assert isinstance((await peer.call("GET", f"{PINNED}/contents"))[1], list)
    assert (await peer.call("GET", PIN))[1]["type"] == "file"


async def test_a_raw_files_etag_is_its_blob(peer: Peer) -> None:
    _, text, headers = await peer.call("GET", f"{PINNED}/raw/.runtime-version")
    assert (text, headers["etag"]) == ("0.1.129\n", f'"{await peer.sha()}"')


async def test_a_renamed_repository_redirects_on_every_path(peer: Peer) -> None:
    peer.store.rename("acme", "pinned", "moved")
    for rest in ("", "/contents/.runtime-version", "/git/trees/main?recursive=1"):
        status, _, headers = await peer.call("GET", f"{PINNED}{rest}")
        assert (status, headers["location"]) == (307, f"/api/v1/repos/acme/moved{rest}")
    async with peer.forge() as forge:
        for branch in (None, "main"):
            view = await forge.tree(REPOSITORY, branch, [".runtime-version"])
            assert view.repository == RepositoryName("acme", "moved")
        with pytest.raises(Renamed, match="acme/moved"):
            await forge.write_files(REPOSITORY, "main", [FileChange("x", b"x", None)], "m")


async def test_an_archived_repository_can_be_read_and_not_written(peer: Peer) -> None:
    peer.store.archive("acme", "pinned")
    assert (await peer.call("GET", PIN))[0] == 200
    assert (await peer.call("PUT", PIN, new(b"x", sha=await peer.sha())))[0] == 423
    async with peer.forge() as forge:
        with pytest.raises(Archived):
            await forge.write_files(REPOSITORY, "main", [FileChange("x", b"x", None)], "m")


async def test_a_private_repository_is_404_like_a_missing_one(peer: Peer) -> None:
    peer.store.create_repository("acme", "secret", {"x": b"x"}, private=True)
    stranger = peer.store.add_user("stranger")
    for token in (None, stranger):
        secret = await peer.call("GET", "/repos/acme/secret", token=token)
        missing = await peer.call("GET", "/repos/acme/nope", token=token)
        assert secret[:2] == missing[:2]
        assert secret[0] == 404
        async with peer.forge(token) as forge:
            with pytest.raises(NotFound, match="private"):
                await forge.tree(RepositoryName("acme", "secret"), "main", ["x"])


async def test_a_bad_token_and_no_token_are_401(peer: Peer) -> None:
    bad = await peer.call("POST", PIN, new(b"x"), token="0" * 40)
    assert (bad[0], bad[1]["message"]) == (401, "user does not exist [uid: 0, name: , keyid: 0]")
    none = await peer.call("POST", PIN, new(b"x"), token=None)
    assert (none[0], none[1]["message"]) == (401, "token is required")
    async with peer.forge("0" * 40) as forge:
        with pytest.raises(TokenRefused):
            await forge.tree(REPOSITORY, "main", ["x"])


async def test_a_token_without_the_scope_is_403_and_the_scope_is_named(peer: Peer) -> None:
    token = peer.store.token("sandbox", ["read:repository"])
    async with peer.forge(token) as forge:
        with pytest.raises(PermissionDenied, match=r"\[write:repository\]"):
            await forge.write_files(REPOSITORY, "main", [FileChange("x", b"x", None)], "m")


async def test_no_permission_and_a_protected_branch_are_403_with_words_of_their_own(
    peer: Peer,
) -> None:
    token = peer.store.add_user("dev")
    async with peer.forge(token) as forge:
        with pytest.raises(PermissionDenied, match="should have a permission to write") as raised:
            await forge.write_files(REPOSITORY, "main", [FileChange("x", b"x", None)], "m")
        assert not isinstance(raised.value, ProtectedBranch)
        peer.store.collaborate("acme", "pinned", "dev", "write")
        peer.store.protect("acme", "pinned")
        with pytest.raises(ProtectedBranch, match="user cannot commit to repo"):
            await forge.write_files(REPOSITORY, "main", [FileChange("x", b"x", None)], "m")


async def test_a_limit_above_the_maximum_is_silently_capped(peer: Peer) -> None:
    for number in range(60):
        peer.store.create_repository("acme", f"r{number}")
    _, rows, headers = await peer.call("GET", "/orgs/acme/repos?limit=1000")
    assert (len(rows), headers["x-total-count"]) == (50, "61")
    async with peer.forge() as forge:
        names = [repository.name.name async for repository in forge.repositories("acme")]
    assert len(set(names)) == 61


async def test_updated_at_moves_after_the_write_was_answered(peer: Peer) -> None:
    before = (await peer.call("GET", PINNED))[1]["updated_at"]
    peer.clock[0] += 60
    assert (await peer.call("PUT", PIN, new(b"1\n", sha=await peer.sha())))[0] == 200
    assert (await peer.call("GET", PINNED))[1]["updated_at"] == before
    peer.clock[0] += 2
    assert (await peer.call("GET", PINNED))[1]["updated_at"] > before


async def test_a_new_branch_that_exists_is_422_and_a_conflict(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    async with peer.forge() as forge:
        with pytest.raises(Conflict, match=r"branch already exists \[name: b\]"):
            await forge.write_files(REPOSITORY, "main", [FileChange("x", b"x", None)], "m", "b")


async def test_the_same_pull_request_twice_is_409_and_a_conflict(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    async with peer.forge() as forge:
        with pytest.raises(Conflict, match="pull request already exists for these targets"):
            await forge.open_pull_request(REPOSITORY, "b", "main", "t", "b")


async def test_bringing_up_to_date_with_a_conflict_is_409(peer: Peer) -> None:
    await peer.pull("b", b"theirs\n")
    peer.store.commit_file("acme", "pinned", "f.txt", b"ours\n")
    status, body, _ = await peer.call("POST", f"{PINNED}/pulls/1/update")
    assert (status, body["message"]) == (409, "merge failed because of conflict")


async def test_bringing_up_to_date_what_is_up_to_date_is_500(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    status, body, _ = await peer.call("POST", f"{PINNED}/pulls/1/update")
    assert (status, body["message"]) == (500, "HeadBranch of PR 1 is up to date")


async def test_a_merge_while_mergeable_is_computed_or_false_or_done_is_405(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    peer.store.commit_file("acme", "pinned", "other", b"1\n")
    status, body, _ = await peer.call("POST", f"{PINNED}/pulls/1/merge", {"Do": "merge"})
    assert (status, body["message"]) == (405, "Please try again later")
    peer.clock[0] += 3
    assert (await peer.call("POST", f"{PINNED}/pulls/1/merge", {"Do": "merge"}))[0] == 200
    assert (await peer.call("POST", f"{PINNED}/pulls/1/merge", {"Do": "merge"}))[0] == 405
    await peer.pull("c", b"theirs\n", "README.txt")
    peer.store.commit_file("acme", "pinned", "README.txt", b"ours\n")
    await peer.call("GET", f"{PINNED}/pulls/2")
    peer.clock[0] += 3
    status, body, _ = await peer.call("POST", f"{PINNED}/pulls/2/merge", {"Do": "merge"})
    assert (status, body["message"]) == (405, "Please try again later")


async def test_a_merge_with_a_stale_head_is_409(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    wanted = {"Do": "merge", "head_commit_id": "0" * 40}
    status, body, _ = await peer.call("POST", f"{PINNED}/pulls/1/merge", wanted)
    assert (status, body["message"]) == (409, "head out of date")


async def test_mergeable_is_computed_a_while_after_a_push_to_either_branch(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    for branch in ("main", "b"):
        peer.store.commit_file("acme", "pinned", f"on-{branch}", b"1\n", branch=branch)
        assert (await peer.call("GET", f"{PINNED}/pulls/1"))[1]["mergeable"] is False
        peer.clock[0] += 3
        assert (await peer.call("GET", f"{PINNED}/pulls/1"))[1]["mergeable"] is True


async def test_ones_own_approval_is_422(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    status, body, _ = await peer.call("POST", f"{PINNED}/pulls/1/reviews", {"event": "APPROVED"})
    assert (status, body["message"]) == (422, "approve your own pull is not allowed")


async def test_a_label_of_a_name_that_exists_is_a_second_label(peer: Peer) -> None:
    label = {"name": "hold", "color": "#fff"}
    first = await peer.call("POST", f"{PINNED}/labels", label)
    second = await peer.call("POST", f"{PINNED}/labels", label)
    assert (first[0], second[0]) == (201, 201)
    assert first[1]["id"] != second[1]["id"]
    assert [row["name"] for row in (await peer.call("GET", f"{PINNED}/labels"))[1]] == ["hold"] * 2


async def test_labels_are_added_by_id_only(peer: Peer) -> None:
    await peer.pull("b", b"1\n")
    _, made, _ = await peer.call("POST", f"{PINNED}/labels", {"name": "hold"})
    path = f"{PINNED}/issues/1/labels"
    assert (await peer.call("POST", path, {"labels": ["hold"]}))[0] == 422
    assert (await peer.call("POST", path, {"labels": [made["id"]]}))[0] == 200


async def test_a_commit_status_with_an_unknown_state_or_commit_is_500(peer: Peer) -> None:
    head = (await peer.call("GET", f"{PINNED}/branches/main"))[1]["commit"]["id"]
    status, body, _ = await peer.call("POST", f"{PINNED}/statuses/{head}", {"state": "nonsense"})
    assert (status, body["message"].startswith("NewCommitStatus[")) == (500, True)
    wrong = f"{PINNED}/statuses/{'0' * 40}"
    status, body, _ = await peer.call("POST", wrong, {"state": "success"})
    assert (status, body["message"].startswith("GetCommit[")) == (500, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/dispatches"),
        ("POST", "/actions/workflows/publish-image.yml/dispatches"),
        ("GET", "/actions/runs"),
        ("GET", "/actions/tasks"),
    ],
)
async def test_what_this_version_does_not_have_is_404(peer: Peer, method: str, path: str) -> None:
    status, text, _ = await peer.call(method, f"{PINNED}{path}", {} if method == "POST" else None)
    assert (status, text) == (404, "404 page not found\n")


class Receiver:
    """A webhook's receiver: a real HTTP server that keeps what it gets."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[dict[str, str], bytes]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
        headers = dict(lines)
        body = await reader.readexactly(int(headers["Content-Length"]))
        self.deliveries.append((headers, body))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest_asyncio.fixture
async def receiver(peer: Peer) -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        config = {"url": f"http://127.0.0.1:{port}/", "secret": "s3cret", "content_type": "json"}
        wanted = {"type": "gitea", "events": ["push", "status"], "config": config}
        assert (await peer.call("POST", f"{PINNED}/hooks", wanted))[0] == 201
        yield found


async def test_no_webhook_is_sent_when_a_commit_status_is_posted(
    peer: Peer, receiver: Receiver
) -> None:
    head = (await peer.call("GET", f"{PINNED}/branches/main"))[1]["commit"]["id"]
    status, _, _ = await peer.call("POST", f"{PINNED}/statuses/{head}", {"state": "success"})
    assert status == 201
    assert receiver.deliveries == []


async def test_a_webhook_is_signed_over_its_raw_body(peer: Peer, receiver: Receiver) -> None:
    assert (await peer.call("PUT", PIN, new(b"1\n", sha=await peer.sha())))[0] == 200
    ((headers, raw),) = receiver.deliveries
    signature = hmac.new(b"s3cret", raw, hashlib.sha256).hexdigest()
    assert headers["X-Gitea-Signature"] == signature
    assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    recorded = RECORDED_HOOKS[0]
    assert {name for name in recorded["headers"] if name.startswith("X-")} <= headers.keys()
    assert json.loads(raw).keys() == recorded["body"].keys()


async def test_every_error_of_a_forge_says_what_it_is_about_and_what_is_next(peer: Peer) -> None:
    peer.store.create_repository("acme", "secret", {"x": b"x"}, private=True)
    async with peer.forge(None) as forge:
        with pytest.raises(ForgeError) as raised:
            await forge.tree(RepositoryName("acme", "secret"), "main", ["x"])
    assert "acme/secret" in str(raised.value)
    assert "\n  next: " in str(raised.value)
    assert all(len(line) <= 80 for line in str(raised.value).split("\n"))
