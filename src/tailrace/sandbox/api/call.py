"""One API call: who asks, for which repository, and whether they may."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tailrace.sandbox.records import Protection, Repository, Token, User
from tailrace.sandbox.store import Store

#: What a listing gives at most per page, and without being asked (recorded settings/api).
MAX_PAGE = 50
DEFAULT_PAGE = 30
BODY_LIMIT = 64 * 1024 * 1024
_HEADERS = {"cache-control": "max-age=0, private, must-revalidate, no-transform"}
_RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3, "owner": 4}


class Refused(Exception):
    """An error answer, in Gitea's words."""

    def __init__(self, status: int, message: str, *, errors: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.with_errors = status == HTTPStatus.NOT_FOUND or errors is not None


class Elsewhere(Exception):
    """The repository has another name now."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def not_found() -> Refused:
    """Missing, or private: Gitea answers both alike."""
    return Refused(404, "The target couldn't be found.")


def plain(status: int, message: str) -> Refused:
    """An error answer without the key ``errors`` even where the status is 404."""
    refused = Refused(status, message)
    refused.with_errors = False
    return refused


@dataclass(slots=True)
class Call:
    """What a handler needs of a request."""

    request: Request
    store: Store
    base: str
    user: User | None
    token: Token | None
    #: What happens between reading a branch and moving it.
    before_commit: Callable[[], Awaitable[object]]

    def param(self, name: str) -> str:
        """A part of the path, with its escapes resolved."""
        return unquote(str(self.request.path_params[name]))

    def query(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.query_params.get(name, default)

    async def body(self, shape: Any) -> Any:
        """The decoded body."""
        raw = await self.raw()
        try:
            return msgspec.json.decode(raw or b"{}", type=shape)
        except msgspec.MsgspecError as error:
            raise Refused(422, f"[]: json: {error}") from error

    async def raw(self) -> bytes:
        """The body, bounded."""
        data = bytearray()
        async for chunk in self.request.stream():
            data += chunk
            if len(data) > BODY_LIMIT:
                raise Refused(413, "request body too large")
        return bytes(data)

    @property
    def api(self) -> str:
        """The address of the API."""
        return f"{self.base}/api/v1"

    def login(self) -> User:
        """Who asks; anonymous is refused."""
        if self.user is None:
            raise Refused(401, "token is required")
        return self.user

    def rank(self, repository: Repository) -> int:
        """What who asks may do there, 0 (nothing) to 4 (owner)."""
        user = self.user
        if user is None:
            return 0 if repository.private else 1
        if user.is_admin or user.login.lower() == repository.owner.lower():
            return _RANKS["owner"]
        granted = _RANKS[repository.collaborators.get(user.login, "none")]
        return max(granted, 0 if repository.private else 1)

    def repository(self) -> Repository:
        """The repository in the path, readable by who asks; a former name redirects."""
        owner, name = self.param("owner"), self.param("repo")
        found = self.store.find(owner, name)
        if found is None:
            moved = self.store.renamed(owner, name)
            if moved is None or self.rank(moved) < 1:
                raise not_found()
            raw = self.request.url.path
            old = f"/repos/{self.request.path_params['owner']}/{self.request.path_params['repo']}"
            query = f"?{self.request.url.query}" if self.request.url.query else ""
            new = f"/repos/{moved.owner}/{moved.name}"
            raise Elsewhere(raw.replace(old, new, 1) + query)
        if self.rank(found) < 1:
            raise not_found()
        self.store.settle(found)
        return found

    def writable(self, branch: str | None = None) -> Repository:
        """The same, for a write: signed in, not archived, permitted, not protected."""
        repository = self.repository()
        user = self.login()
        if repository.archived:
            raise Refused(423, f"<Repository {repository.id}:{repository.full_name}> is archived")
        if self.rank(repository) < _RANKS["write"]:
            raise Refused(403, "user should have a permission to write to this branch")
        if branch is not None and self.protection(repository, branch, pushing=True) is not None:
            raise Refused(403, f"user cannot commit to repo [user: {user.login}]")
        return repository

    def administered(self) -> Repository:
        """The same, for a setting."""
        repository = self.repository()
        self.login()
        if self.rank(repository) < _RANKS["admin"]:
            raise Refused(
                403, "user should be an owner or a collaborator with admin write of a repository"
            )
        return repository

    def protection(
        self, repository: Repository, branch: str, *, pushing: bool = False
    ) -> Protection | None:
        """The rule that holds for a branch; with ``pushing``, only if it forbids that."""
        for found in self.store.state.protections:
            same = found.repository == repository.id and found.rule["rule_name"] == branch
            if same and not (pushing and found.rule.get("enable_push")):
                return found
        return None

    def page(self, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
        """One page of a listing, and its headers: the limit is silently capped (contract)."""
        limit = min(max(_number(self.query("limit"), DEFAULT_PAGE), 1), MAX_PAGE)
        number = max(_number(self.query("page"), 1), 1)
        total = len(items)
        headers = {"x-total-count": str(total)}
        links = self._links(number, -(-total // limit))
        if links:
            headers["link"] = links
        return items[(number - 1) * limit : number * limit], headers

    def _links(self, number: int, last: int) -> str:
        ends = []
        if number < last:
            ends += [("next", number + 1), ("last", last)]
        if 1 < number <= last:
            ends += [("first", 1), ("prev", number - 1)]
        pairs = [(key, value) for key, value in self.request.query_params.items() if key != "page"]
        address = f"{self.base}{self.request.url.path}"
        if "sha" in self.request.query_params or "path" in self.request.query_params:
            pairs = sorted(pairs)
        return ",".join(
            f'<{address}?{urlencode(sorted([*pairs, ("page", str(page))]))}>; rel="{rel}"'
            for rel, page in ends
        )


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else default


def authenticate(store: Store, header: str) -> tuple[User | None, Token | None]:
    """Who asks, by the header Authorization; nobody without one. Refused: a token nobody has."""
    if not header:
        return None, None
    scheme, _, value = header.partition(" ")
    scheme = scheme.lower()
    if scheme in ("token", "bearer"):
        return _by_token(store, value.strip())
    if scheme == "basic":
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, ValueError) as error:
            raise _unknown() from error
        user = store.user(name)
        if user is not None and user.password and user.password == secret:
            return user, None
        return _by_token(store, secret or name)
    raise _unknown()


def _by_token(store: Store, value: str) -> tuple[User, Token]:
    token = next((t for t in store.state.tokens if t.sha1 == value), None)
    user = store.user(token.login) if token else None
    if token is None or user is None:
        raise _unknown()
    return user, token


def _unknown() -> Refused:
    return Refused(401, "user does not exist [uid: 0, name: , keyid: 0]")


def check_scope(token: Token | None, method: str, area: str) -> None:
    """Refuse a token that lacks the scope for this call."""
    if token is None or "all" in token.scopes:
        return
    needed = f"read:{area}" if method in ("GET", "HEAD") else f"write:{area}"
    if needed in token.scopes or needed.replace("read:", "write:") in token.scopes:
        return
    raise Refused(403, f"token does not have at least one of required scope(s): [{needed}]")


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; None is an empty body."""
    content = b"" if body is None else msgspec.json.encode(body)
    all_headers = {**_HEADERS, **(headers or {})}
    if body is not None:
        all_headers["content-type"] = "application/json;charset=utf-8"
    return Response(content, status, all_headers)
