"""What the conformance suite cannot say of Gitea: the answers that the sandbox does not give."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.forges.scripted import (
    RESET,
    TOKEN,
    Answer,
    Got,
    Server,
    Waits,
    by_path,
    in_turn,
    json,
    raw,
)

from tailrace.forges.base import (
    AnswerLost,
    Archived,
    BadAnswer,
    BranchMissing,
    Conflict,
    ForgeError,
    NotFound,
    PermissionDenied,
    ProtectedBranch,
    Renamed,
    TokenRefused,
    Unreachable,
)
from tailrace.forges.blobs import blob_sha
from tailrace.forges.gitea import GiteaForge
from tailrace.forges.http import Patience, Transport
from tailrace.model import FileChange, RepositoryName

NAME = RepositoryName("fleet", "one")
UPDATE = FileChange("pin", b"2\n", blob_sha(b"1\n"))
COMMIT = "c" * 40
REPOSITORY = {"full_name": "fleet/one", "default_branch": "main"}
LISTING = "GET /repos/fleet/one/git/trees/heads%2Fmain?recursive=1"


@asynccontextmanager
async def gitea(
    answers: dict[str, Answer] | Answer, token: str | None = TOKEN
) -> AsyncIterator[tuple[GiteaForge, Server]]:
    script = in_turn(answers) if isinstance(answers, Answer) else by_path(answers)
    async with Server(script) as server:
        transport = Transport(
            server.url,
            authorization=None if token is None else f"token {token}",
            concurrency=4,
            timeout=5,
            patience=Patience(attempts=2),
            sleep=Waits(),
        )
        async with GiteaForge(transport) as forge:
            yield forge, server


def said(status: int, message: str) -> Answer:
    return json(status, {"message": message, "url": "https://x/api/swagger"})


WRITES = [
    (422, "sha does not match [given: 1, expected: 2]", Conflict),
    (422, "repository file already exists [path: pin]", Conflict),
    (422, "branch already exists [name: n]", Conflict),
    (409, "pull request already exists for these targets", Conflict),
    (500, "PushRejected Error: cannot lock ref 'refs/heads/main'", Conflict),
    (500, "object does not exist [id: , rel_path: pin]", Conflict),
    (500, "dial tcp: connection refused", AnswerLost),
    (502, "", AnswerLost),
    (423, "", Archived),
    (404, "branch does not exist [name: main]", BranchMissing),
    (404, "", NotFound),
    (403, "user should have a permission to write to this branch", PermissionDenied),
    (403, "user cannot commit to repo", ProtectedBranch),
    (403, "token does not have at least one of required scope(s): [w]", PermissionDenied),
    (401, "user does not exist [uid: 0, name: ]", TokenRefused),
    (422, "[SHA]: Required", BadAnswer),
    (418, "", BadAnswer),
]


@pytest.mark.parametrize(("status", "message", "kind"), WRITES)
async def test_what_a_rejected_write_is(status: int, message: str, kind: type[ForgeError]) -> None:
    async with gitea(said(status, message)) as (forge, server):
        with pytest.raises(ForgeError, match="fleet/one: ") as caught:
            await forge.write_files(NAME, "main", [UPDATE], "Take 2")
    assert type(caught.value) is kind
    assert len(server.got) == 1, "a write is never sent twice"


async def test_without_a_token_it_asks_for_one() -> None:
    async with gitea(said(401, "token is required"), token=None) as (forge, _):
        with pytest.raises(TokenRefused, match="token-env"):
            await forge.repository(NAME)


async def test_a_token_without_the_scope_read_user_is_no_fault() -> None:
    message = "token does not have at least one of required scope(s): [read:user]"
    async with gitea(said(403, message)) as (forge, _):
        assert (await forge.account()).login is None


async def test_what_is_sent_to_create_and_to_update() -> None:
    written = {"content": {"sha": blob_sha(b"2\n")}, "commit": {"sha": COMMIT}}
    async with gitea(json(201, written)) as (forge, server):
        made = await forge.write_files(NAME, "main", [UPDATE], "Take 2", new_branch="n")
        await forge.write_files(NAME, "main", [FileChange("a b/ü?", b"2\n", None)], "Take 2")
    assert (made.sha, made.blobs) == (COMMIT, (blob_sha(b"2\n"),))
    update, create = server.got
    assert (update.method, update.path) == ("PUT", "/repos/fleet/one/contents/pin")
    assert b'"new_branch":"n"' in update.body
    assert f'"sha":"{UPDATE.expected}"'.encode() in update.body
    assert (create.method, create.path) == ("POST", "/repos/fleet/one/contents/a%20b/%C3%BC%3F")
    assert b'"sha"' not in create.body
    assert b"new_branch" not in create.body


async def test_two_names_that_redirect_to_each_other() -> None:
    tail = "/git/trees/heads%2Fmain?recursive=1"

    def script(got: Got) -> Answer:
        to = "two" if "/one/" in got.path else "one"
        return raw(307, b"", location=f"/repos/fleet/{to}{tail}")

    async with gitea({}) as (forge, server):
        server.script = script
        with pytest.raises(BadAnswer, match="in a circle"):
            await forge.tree(NAME, "main", ["pin"])
        assert len(server.got) == 3


@pytest.mark.parametrize("place", ["/user/login", "/repos//x", "/"])
async def test_a_redirect_that_leads_nowhere(place: str) -> None:
    async with gitea(raw(307, b"", location=place)) as (forge, _):
        with pytest.raises(BadAnswer, match="not followed"):
            await forge.tree(NAME, "main", ["pin"])
        with pytest.raises(BadAnswer, match="not followed"):
            await forge.write_files(NAME, "main", [UPDATE], "Take 2")


async def test_a_transferred_repository_keeps_its_new_owner() -> None:
    async with gitea(raw(307, b"", location="/repos/other/two/contents/pin")) as (forge, server):
        with pytest.raises(Renamed) as caught:
            await forge.write_files(NAME, "main", [UPDATE], "Take 2")
    assert caught.value.to == RepositoryName("other", "two")
    assert len(server.got) == 1


@pytest.mark.parametrize(
    "listing",
    [
        [],
        {},
        {"sha": "main", "tree": []},
        {"sha": COMMIT, "tree": [{"path": "pin", "mode": "100644", "sha": "../../x"}]},
        {"sha": COMMIT, "tree": {}},
    ],
    ids=["list", "nothing", "no sha", "hostile sha", "no rows"],
)
async def test_a_listing_of_another_shape(listing: object) -> None:
    async with gitea({LISTING: json(200, listing)}) as (forge, server):
        with pytest.raises(Unreachable, match="not this API's"):
            await forge.tree(NAME, "main", ["pin"])
        assert len(server.got) == 2


async def test_a_mode_that_git_does_not_have() -> None:
    row = {"path": "pin", "mode": "777777", "sha": COMMIT}
    async with gitea({LISTING: json(200, {"sha": COMMIT, "tree": [row]})}) as (forge, _):
        with pytest.raises(BadAnswer, match="unknown mode"):
            await forge.tree(NAME, "main", ["pin"])


async def test_a_folder_whose_pages_repeat_proves_nothing() -> None:
    row = {"path": "a", "mode": "100644", "sha": COMMIT}
    page = json(200, {"sha": COMMIT, "tree": [row], "truncated": True})
    async with gitea(page) as (forge, server):
        with pytest.raises(BadAnswer, match="no end"):
            await forge.tree(NAME, "main", ["pin"])
        assert len(server.got) == 3


@pytest.mark.parametrize(
    "content",
    [base64.b64encode(b"other\n").decode(), "%%%", base64.b64encode(b"1\n" * 60_000).decode()],
    ids=["other", "not base64", "large"],
)
async def test_a_blob_that_lies(content: str) -> None:
    async with gitea(json(200, {"content": content, "encoding": "base64"})) as (forge, _):
        with pytest.raises(BadAnswer):
            await forge.blob(NAME, blob_sha(b"1\n"), 65_536)


async def test_a_listing_that_counts_wrong_is_read_to_its_last_page() -> None:
    """Without X-Total-Count the empty page is the end; a row more or less changes nothing."""
    rows = [{**REPOSITORY, "full_name": f"fleet/r{number}"} for number in range(3)]

    def script(got: Got) -> Answer:
        if "limit=1" in got.path and "page" not in got.path:
            return json(200, rows[:1])
        page = int(got.path.rpartition("page=")[2])
        return json(200, rows[page - 1 : page])

    async with gitea({}) as (forge, server):
        server.script = script
        names = [facts.name.name async for facts in forge.repositories("fleet")]
    assert names == ["r0", "r1", "r2"]


async def test_a_total_ends_a_listing_early() -> None:
    answer = json(200, [REPOSITORY], x_total_count="1")
    async with gitea(answer) as (forge, server):
        assert len([facts async for facts in forge.repositories("fleet")]) == 1
    assert len(server.got) == 2


async def test_another_owners_repositories_are_not_found_by_topic() -> None:
    """The search is over the whole server."""
    rows = [{**REPOSITORY, "full_name": name} for name in ("fleet/one", "stranger/two")]
    async with gitea(json(200, {"ok": True, "data": rows}, x_total_count="2")) as (forge, _):
        names = [str(facts.name) async for facts in forge.repositories("fleet", "template")]
    assert names == ["fleet/one"]


async def test_a_lost_answer_to_a_write_is_said_to_be_lost() -> None:
    async with gitea(raw(200, b"<html>")) as (forge, server):
        with pytest.raises(AnswerLost):
            await forge.open_pull_request(NAME, "a", "main", "t", "b")
    assert len(server.got) == 1


async def test_a_connection_that_breaks_in_a_read_is_tried_again() -> None:
    async with gitea({}) as (forge, server):
        server.script = in_turn(RESET, json(200, REPOSITORY))
        assert (await forge.repository(NAME)).name == NAME
