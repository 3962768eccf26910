"""What the conformance suite cannot say of GitHub: the answers that its double does not give."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.forges.scripted import TOKEN, Answer, Server, Waits, by_path, in_turn, json, raw

from tailrace.forges.base import (
    AnswerLost,
    Archived,
    BadAnswer,
    BranchMissing,
    Conflict,
    EmptyRepository,
    ForgeError,
    NotFound,
    PermissionDenied,
    ProtectedBranch,
    RateLimited,
    Refused,
    Renamed,
    TokenRefused,
)
from tailrace.forges.blobs import blob_sha
from tailrace.forges.github import GitHubForge
from tailrace.forges.http import Transport
from tailrace.model import FileChange, RepositoryName

NAME = RepositoryName("fleet", "one")
UPDATE = FileChange("pin", b"2\n", blob_sha(b"1\n"))
COMMIT, TREE = "c" * 40, "7" * 40
REPOSITORY = {"full_name": "fleet/one", "default_branch": "main", "size": 3}
REF = {"ref": "refs/heads/main", "object": {"sha": COMMIT}}


@asynccontextmanager
async def github(answers: dict[str, Answer] | Answer) -> AsyncIterator[tuple[GitHubForge, Server]]:
    script = in_turn(answers) if isinstance(answers, Answer) else by_path(answers)
    async with Server(script) as server:
        transport = Transport(
            server.url, authorization=f"Bearer {TOKEN}", concurrency=4, timeout=5, sleep=Waits()
        )
        async with GitHubForge(transport) as forge:
            yield forge, server


def said(status: int, message: str, **headers: str) -> Answer:
    return json(status, {"message": message, "documentation_url": "https://x"}, **headers)


READS = [
    (401, "Bad credentials", TokenRefused),
    (403, "Resource not accessible by integration", PermissionDenied),
    (403, "Resource protected by organization SAML enforcement.", PermissionDenied),
    (403, "You have exceeded a secondary rate limit. Please wait.", RateLimited),
    (404, "Not Found", NotFound),
    (409, "Git Repository is empty.", EmptyRepository),
    (410, "Issues are disabled for this repo", BadAnswer),
    (451, "Repository access blocked", BadAnswer),
]


@pytest.mark.parametrize(("status", "message", "kind"), READS)
async def test_what_a_rejected_read_is(status: int, message: str, kind: type[ForgeError]) -> None:
    async with github(said(status, message)) as (forge, _):
        with pytest.raises(ForgeError, match="fleet/one: ") as caught:
            await forge.repository(NAME)
    assert type(caught.value) is kind
    assert max(len(line) for line in str(caught.value).split("\n")) <= 80
    if kind is not BadAnswer:
        assert "\n  next: " in str(caught.value)


WRITES = [
    (409, "pin does not match 123", Conflict),
    (409, "is at 123 but expected 456", Conflict),
    (409, "refs/heads/main expected to be at 123", Conflict),
    (409, "Repository rule violations found\n\nChanges must be made ...", ProtectedBranch),
    (409, "Could not update file: Changes must be made through a pull request.", ProtectedBranch),
    (409, "Could not update file: 6 of 6 required status checks are expected.", ProtectedBranch),
    (422, "3 of 3 required status checks are expected. At least one ...", ProtectedBranch),
    (422, "Reference update failed", ProtectedBranch),
    (409, "Git Repository is empty.", EmptyRepository),
    (422, 'Invalid request.\n\n"sha" wasn\'t supplied.', Conflict),
    (422, "Reference already exists", Conflict),
    (422, "Update is not a fast forward", Conflict),
    (422, "Validation Failed", BadAnswer),
    (404, "Branch main not found", BranchMissing),
    (403, "Repository was archived so is read-only.", Archived),
    (403, "Resource not accessible by personal access token", PermissionDenied),
    (401, "Bad credentials", TokenRefused),
    (500, "Server Error", AnswerLost),
    (502, "Bad Gateway", AnswerLost),
]


@pytest.mark.parametrize(("status", "message", "kind"), WRITES)
async def test_what_a_rejected_write_is(status: int, message: str, kind: type[ForgeError]) -> None:
    async with github(said(status, message)) as (forge, server):
        with pytest.raises(ForgeError, match="fleet/one: ") as caught:
            await forge.write_files(NAME, "main", [UPDATE], "Take 2")
    assert type(caught.value) is kind
    assert max(len(line) for line in str(caught.value).split("\n")) <= 80
    assert len(server.got) == 1, "a write is never sent twice"


async def test_a_write_that_is_not_found_is_looked_into() -> None:
    answers = {"GET /repos/fleet/one": json(200, REPOSITORY)}
    async with github(answers) as (forge, _):
        with pytest.raises(PermissionDenied, match="may read it and not write"):
            await forge.write_files(NAME, "main", [UPDATE], "Take 2")
    async with github({}) as (forge, _):
        with pytest.raises(NotFound):
            await forge.write_files(NAME, "main", [UPDATE], "Take 2")


async def test_a_second_pull_request() -> None:
    errors = [{"code": "custom", "message": "A pull request already exists for fleet:a."}]
    answer = json(422, {"message": "Validation Failed", "errors": errors})
    async with github(answer) as (forge, _):
        with pytest.raises(Conflict, match="already exists for fleet:a"):
            await forge.open_pull_request(NAME, "a", "main", "t", "b")


@pytest.mark.parametrize(
    ("scopes", "wanted"),
    [("repo, read:org", ("repo", "read:org")), ("", ()), (None, ())],
)
async def test_whose_token_it_is(scopes: str | None, wanted: tuple[str, ...]) -> None:
    headers = {} if scopes is None else {"x_oauth_scopes": scopes}
    async with github(json(200, {"login": "me"}, **headers)) as (forge, _):
        account = await forge.account()
    assert (account.login, account.scopes) == ("me", wanted)


async def test_an_apps_token_is_nobodys() -> None:
    async with github(said(403, "Resource not accessible by integration")) as (forge, _):
        assert (await forge.account()).login is None


async def test_who_answers() -> None:
    async with github({"GET /meta": json(200, {"hooks": []})}) as (forge, _):
        assert (await forge.server()).version == "github.com"
    async with github({"GET /meta": json(200, {"installed_version": "3.19.1"})}) as (forge, _):
        server = await forge.server()
    assert (server.kind, server.version, server.page_size) == ("github", "3.19.1", 100)


async def test_an_own_listing_has_the_private_ones() -> None:
    row = {**REPOSITORY, "full_name": "Me/secret", "private": True}
    query = "affiliation=owner&per_page=100&page=1"
    answers = {
        "GET /user": json(200, {"login": "Me"}),
        f"GET /user/repos?{query}": json(200, [row]),
    }
    async with github(answers) as (forge, _):
        found = [facts async for facts in forge.repositories("me")]
    assert [(str(facts.name), facts.private) for facts in found] == [("Me/secret", True)]


async def test_another_ref_than_the_one_asked_for() -> None:
    ref = {**REF, "ref": "refs/heads/main-2"}
    async with github({"GET /repos/fleet/one/git/ref/heads/main": json(200, ref)}) as (forge, _):
        with pytest.raises(BadAnswer, match="asked for branch 'main'"):
            await forge.tree(NAME, "main", ["pin"])


async def test_a_folder_that_is_too_large_proves_nothing() -> None:
    cut = {"sha": TREE, "tree": [], "truncated": True}
    answers = {
        "GET /repos/fleet/one/git/ref/heads/main": json(200, REF),
        f"GET /repos/fleet/one/git/trees/{COMMIT}?recursive=1": json(200, cut),
        f"GET /repos/fleet/one/git/trees/{TREE}": json(200, cut),
    }
    async with github(answers) as (forge, _):
        with pytest.raises(BadAnswer, match="larger than GitHub lists"):
            await forge.tree(NAME, "main", ["pin"])


@pytest.mark.parametrize(
    "blob",
    [
        {"content": base64.b64encode(b"other\n").decode(), "size": 6},
        {"content": "%%%", "size": 2},
        {"content": base64.b64encode(b"1\n").decode(), "size": 200_000},
        {"content": base64.b64encode(b"1\n" * 60_000).decode(), "size": 2},
    ],
    ids=["other", "not base64", "says it is large", "is large"],
)
async def test_a_blob_that_lies(blob: dict[str, object]) -> None:
    async with github(json(200, blob)) as (forge, _):
        with pytest.raises(BadAnswer):
            await forge.blob(NAME, blob_sha(b"1\n"), 65_536)


@pytest.mark.parametrize(
    "place",
    ["/repos/fleet/two", "/login", "/repositories/x", "/repositories/7"],
)
async def test_a_redirect_that_leads_nowhere(place: str) -> None:
    """The last one leads in a circle: the number answers with a redirect as well."""
    async with github(raw(301, b"", location=place)) as (forge, server):
        with pytest.raises(BadAnswer, match="not followed"):
            await forge.tree(NAME, "main", ["pin"])
        assert len(server.got) <= 2


async def test_two_names_that_redirect_to_each_other() -> None:
    answers = {
        "GET /repos/fleet/one/git/ref/heads/main": raw(301, b"", location="/repositories/7/x"),
        "GET /repositories/7": json(200, REPOSITORY),
    }
    async with github(answers) as (forge, _):
        with pytest.raises(BadAnswer, match="in a circle"):
            await forge.tree(NAME, "main", ["pin"])


async def test_a_new_branch_of_a_renamed_repository() -> None:
    two = {**REPOSITORY, "full_name": "fleet/two"}
    answers = {
        "GET /repos/fleet/one/git/ref/heads/main": raw(301, b"", location="/repositories/7/x"),
        "GET /repositories/7": json(200, two),
        "GET /repos/fleet/two/git/ref/heads/main": json(200, REF),
    }
    async with github(answers) as (forge, server):
        with pytest.raises(Renamed) as caught:
            await forge.write_files(NAME, "main", [UPDATE], "Take 2", new_branch="n")
    assert str(caught.value.to) == "fleet/two"
    assert {got.method for got in server.got} == {"GET"}


async def test_a_fork_s_pull_request_is_not_ours() -> None:
    def pull(number: int, full_name: str | None) -> dict[str, object]:
        repo = None if full_name is None else {"full_name": full_name}
        return {
            "number": number,
            "html_url": "https://x",
            "head": {"ref": "tailrace/a-1", "repo": repo},
            "base": {"ref": "main", "repo": {"full_name": "fleet/one"}},
        }

    rows = [pull(1, "stranger/one"), pull(2, None), pull(3, "Fleet/One")]
    async with github(json(200, rows)) as (forge, _):
        found = await forge.pull_requests(NAME, "main")
    assert [p.number for p in found] == [3]


async def test_a_listing_without_end() -> None:
    page = json(200, [], link='<https://api.github.com/x?page=2>; rel="next"')
    async with github(page) as (forge, _):
        with pytest.raises(BadAnswer, match="more than 1000 pages"):
            await forge.pull_requests(NAME, "main")


@pytest.mark.parametrize("path", ["../topics", "a/./b", "/pin", ".git/config", "a\nb", ""])
async def test_a_path_that_no_file_has_is_not_even_sent(path: str) -> None:
    async with github({}) as (forge, server):
        for new_branch in (None, "n"):
            with pytest.raises(Refused, match="no path of a file"):
                await forge.write_files(
                    NAME, "main", [FileChange(path, b"", None)], "x", new_branch
                )
    assert server.got == []


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\nb", "a\\b"])
async def test_a_name_that_none_has_is_not_even_sent(name: str) -> None:
    async with github({}) as (forge, server):
        for bad in (RepositoryName("fleet", name), RepositoryName(name, "one")):
            with pytest.raises(NotFound) as caught:
                await forge.tree(bad, "main", ["pin"])
            assert all(line.isprintable() for line in str(caught.value).split("\n"))
    assert server.got == []
