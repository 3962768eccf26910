"""A GitHub over real bare repositories, which answers as docs.github.com/rest says.

Where the pages are silent, the text is one that was seen: see `tailrace.forges.github_errors`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote

import pygit2
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.doubles.github_calls import READS, WRITES, Call, Problem, Record, Reply

PREFIX = "/api/v3"
_READ_ONLY = "Resource not accessible by personal access token"


@dataclass(frozen=True)
class Token:
    login: str
    read_only: bool = False


class _Embedded(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class GitHubDouble:
    """``async with GitHubDouble(folder) as github``: the API answers at ``github.url``."""

    def __init__(self, root: Path, *, tree_limit: int = 500) -> None:
        self.root = root
        #: The most entries of a recursive listing; 100,000 on the real one.
        self.tree_limit = tree_limit
        self.records: list[Record] = []
        self.renames: dict[tuple[str, str], Record] = {}
        self.organisations = {"fleet"}
        self.tokens: dict[str, Token] = {}
        self.admin_token = self.add_user("admin")
        self.url = ""

    # what a test does to it

    def add_user(self, login: str, *, read_only: bool = False) -> str:
        token = f"ghp_{secrets.token_hex(18)}"
        self.tokens[token] = Token(login, read_only)
        return token

    def create(
        self, owner: str, name: str, *, private: bool = False, default_branch: str = "main"
    ) -> Record:
        record = Record(len(self.records) + 1, owner, name, default_branch, private)
        self.records.append(record)
        pygit2.init_repository(str(self.path(record)), bare=True, initial_head=default_branch)
        return record

    def path(self, record: Record) -> Path:
        return self.root / f"{record.id}.git"

    def find(self, owner: str, name: str) -> Record | None:
        key = (owner.lower(), name.lower())
        return next((r for r in self.records if (r.owner.lower(), r.name.lower()) == key), None)

    def record(self, owner: str, name: str) -> Record:
        found = self.find(owner, name)
        assert found is not None
        return found

    def rename(self, record: Record, to: str) -> None:
        self.renames[record.owner.lower(), record.name.lower()] = record
        record.name = to

    # the server

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            self._app, lifespan="off", log_config=None, ws="none", interface="asgi3"
        )
        self._server = _Embedded(config)
        self._serving = asyncio.create_task(self._server.serve([listening]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        sent = await request.body()
        # In a thread, so that writers are really at it at the same time.
        reply = await run_in_threadpool(self._reply, request, json.loads(sent) if sent else {})
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        response = Response(content, reply.status, reply.headers, "application/json")
        await response(scope, receive, send)

    def _reply(self, request: Request, body: dict[str, Any]) -> Reply:
        raw = request.scope["raw_path"].decode("latin-1")
        query = {k: v[0] for k, v in parse_qs(request.url.query).items()}
        try:
            who = self._who(request.headers.get("authorization"))
            parts = [unquote(part) for part in raw.removeprefix(PREFIX + "/").split("/")]
            match parts:
                case ["repos", owner, name, *rest]:
                    moved = self.renames.get((owner.lower(), name.lower()))
                    if moved is not None and self._sees(who, moved):
                        return self._moved(moved, request.method, raw.split("/")[6:])
                    record = self._seen(self.find(owner, name), who)
                case ["repositories", number, *rest]:
                    numbered = (r for r in self.records if str(r.id) == number)
                    record = self._seen(next(numbered, None), who)
                case _:
                    return self._outside(parts, query, who)
            git = pygit2.Repository(str(self.path(record)))
            rest_of_it = "/".join(rest)
            call = Call(request.method, rest_of_it, query, body, record, git, self.tree_limit)
            return self._inside(call, who)
        except Problem as problem:
            return Reply(problem.status, problem.body)

    def _who(self, header: str | None) -> Token | None:
        """/rest/authentication/authenticating-to-the-rest-api"""
        if header is None:
            return None
        token = self.tokens.get(header.removeprefix("Bearer "))
        if token is None or not header.startswith("Bearer "):
            raise Problem(401, "Bad credentials")
        return token

    def _seen(self, record: Record | None, who: Token | None) -> Record:
        if record is None or not self._sees(who, record):
            raise Problem(404, "Not Found")
        return record

    def _sees(self, who: Token | None, record: Record) -> bool:
        """/rest/using-the-rest-api/troubleshooting: 404 instead of 403 for a private one."""
        return not record.private or (who is not None and who.login in ("admin", record.owner))

    def _moved(self, record: Record, method: str, rest: list[str]) -> Reply:
        """/rest/using-the-rest-api/best-practices: 301 for reads, 307 for writes."""
        suffix = "".join(f"/{part}" for part in rest)
        url = f"{self.url}{PREFIX}/repositories/{record.id}{suffix}"
        status = 301 if method == "GET" else 307
        body = {"message": HTTPStatus(status).phrase, "url": url}
        return Reply(status, body, {"location": url})

    def _outside(self, parts: list[str], query: dict[str, str], who: Token | None) -> Reply:
        match parts:
            case ["meta"]:  # /rest/meta/meta#get-apiname-meta-information
                return Reply(200, {"installed_version": "3.19.1"})
            case ["user"]:  # /rest/users/users#get-the-authenticated-user
                if who is None:
                    raise Problem(401, "Requires authentication")
                return Reply(200, {"login": who.login}, {"x-oauth-scopes": "repo, read:org"})
            case ["orgs", name] if (
                name in self.organisations
            ):  # /rest/orgs/orgs#get-an-organization
                return Reply(200, {"login": name})
            case ["orgs", name, "repos"] if name in self.organisations:
                # /rest/repos/repos#list-organization-repositories
                return self._page(self._of(name, who), query)
            case ["users", name, "repos"] if self._of(name, None):
                # /rest/repos/repos#list-repositories-for-a-user: the public ones only
                return self._page(self._of(name, None), query)
            case ["user", "repos"] if who is not None:
                # /rest/repos/repos#list-repositories-for-the-authenticated-user
                return self._page(self._of(who.login, who), query)
        raise Problem(404, "Not Found")

    def _of(self, owner: str, who: Token | None) -> list[dict[str, Any]]:
        return [
            self._shape(record, who)
            for record in self.records
            if record.owner == owner and self._sees(who, record)
        ]

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        """/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        size, page = min(int(query.get("per_page", "30")), 100), int(query.get("page", "1"))
        headers = {}
        if page * size < len(rows):
            headers["link"] = (
                f'<{self.url}{PREFIX}/organizations/1/repos?page={page + 1}>; rel="next"'
            )
        return Reply(200, rows[(page - 1) * size : page * size], headers)

    def _shape(self, record: Record, who: Token | None) -> dict[str, Any]:
        git = pygit2.Repository(str(self.path(record)))
        shape: dict[str, Any] = {
            "id": record.id,
            "full_name": f"{record.owner}/{record.name}",
            "default_branch": record.default_branch,
            "archived": record.archived,
            "private": record.private,
            "topics": record.topics,
            "size": 1 if list(git.references) else 0,
        }
        if who is not None:
            shape["permissions"] = {"pull": True, "push": self._may_push(who, record)}
        return shape

    @staticmethod
    def _may_push(who: Token, record: Record) -> bool:
        return who.login in ("admin", record.owner)

    def _inside(self, call: Call, who: Token | None) -> Reply:
        if call.method == "GET":
            if call.rest == "":  # /rest/repos/repos#get-a-repository
                return Reply(200, self._shape(call.record, who))
            return self._route(READS, call)
        if who is None or not self._may_push(who, call.record):
            raise Problem(404, "Not Found")
        if who.read_only:
            raise Problem(403, _READ_ONLY)
        if call.record.archived:
            raise Problem(403, "Repository was archived so is read-only.")
        return self._route(WRITES, call)

    @staticmethod
    def _route(routes: dict[tuple[str, str], Callable[[Call, str], Reply]], call: Call) -> Reply:
        for (method, prefix), handler in routes.items():
            exact = not prefix.endswith("/")
            fits = call.rest == prefix if exact else call.rest.startswith(prefix)
            if call.method == method and fits:
                return handler(call, call.rest.removeprefix(prefix))
        raise Problem(404, "Not Found")
