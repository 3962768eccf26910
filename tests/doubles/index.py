"""A package index that does what a test says: PEP 503, 592 and 691, uploads, trusted publishing.

``async with IndexDouble() as index``: read at ``index.simple_url``, upload at ``index.upload_url``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import html
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Literal, Self
from urllib.parse import parse_qs, quote, unquote

import uvicorn
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from starlette.types import Receive, Scope, Send

JSON = "application/vnd.pypi.simple.v1+json"
TOKEN = "pypi-double-0f9e8d7c6b5a"
MINTED = "pypi-minted-1a2b3c4d5e6f"
LOGIN = b"<!DOCTYPE html><title>Sign in</title><a href='/user/login'>Sign in</a>"

Body = bytes | Callable[[], AsyncIterator[bytes]]
Hashes = Mapping[str, str] | Callable[[int], Mapping[str, str]]


@dataclass(frozen=True)
class Got:
    """A request as it came in; header names are lower case."""

    method: str
    #: With its query, not decoded.
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer instead of the right one."""

    status: int = 200
    body: Body = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    #: close: no byte, then end. reset: no byte, then break. hang: no byte until the client goes.
    #: cut: all but the last byte of ``body``, then break.
    how: Literal["whole", "close", "reset", "hang", "cut"] = "whole"
    #: An upload: keep the file, then answer this.
    stores: bool = False


def down(status: int = 503, **headers: str) -> Answer:
    """A server error; ``retry_after="7"`` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, b"<html>down</html>", {"content-type": "text/html", **named})


def login() -> Answer:
    """A login page with 200, as a proxy before an index answers it."""
    return Answer(200, LOGIN, {"content-type": "text/html; charset=utf-8"})


def redirect(url: str, status: int = 302) -> Answer:
    """The client is sent elsewhere."""
    return Answer(status, b"", {"location": url})


def page(text: str | bytes, content_type: str = "text/html") -> Answer:
    """This page, whatever it is."""
    body = text.encode() if isinstance(text, str) else text
    return Answer(200, body, {"content-type": content_type})


CLOSE = Answer(how="close")
RESET = Answer(how="reset")
HANG = Answer(how="hang")
#: For ``upload_answers``: the file arrives, and the client never hears of it.
STORED_THEN_RESET = Answer(how="reset", stores=True)


@dataclass
class Served:
    """A file on the index."""

    filename: str
    content: bytes
    project: str
    requires_python: str | None = None
    #: True, or the reason.
    yanked: bool | str = False
    #: What the page says; a function gets the number of the read, from 1. None: the true sha256.
    hashes: Hashes | None = None
    #: Where the page says it is; None: on this index.
    url: str | None = None
    #: Whether the nodes that lag behind have it, too.
    old: bool = False


@dataclass(frozen=True)
class Upload:
    """An upload that was taken: the file, and the other fields of the form."""

    filename: str
    content: bytes
    fields: dict[str, str]


class _Embedded(uvicorn.Server):
    """Without signals and without uvicorn's ticks of 0.1 s, which every test would wait for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(0)


class IndexDouble:
    """An index of one process. All attributes may be changed at any time.

    The lists of answers are used up from the front; when one is empty, its ``always_`` answer is
    given, and without that one the right answer.
    """

    def __init__(self, *, private: bool = False, token: str = TOKEN, html_only: bool = False):
        self.url = ""
        #: Every request, as it came in.
        self.requests: list[Got] = []
        #: Every upload that was taken.
        self.uploaded: list[Upload] = []
        #: What there is, by file name.
        self.files: dict[str, Served] = {}
        #: Reads want ``username`` and ``token``; uploads always do.
        self.private = private
        self.username = "__token__"
        self.token = token
        #: Answers HTML to everybody, as an index without PEP 691.
        self.html_only = html_only
        #: Which node answers each read of a page: "old" or "new"; "new" when it is used up.
        self.nodes: list[Literal["old", "new"]] = []
        self.page_answers: list[Answer] = []
        self.always_page: Answer | None = None
        self.file_answers: list[Answer] = []
        self.always_file: Answer | None = None
        self.upload_answers: list[Answer] = []
        self.always_upload: Answer | None = None
        #: The status for another file of a name that there is; PyPI's is 400, some say 409.
        self.duplicate = 400
        #: Reads of a page so far.
        self.reads = 0
        #: Is called before each page is made, with the number of the read, from 1.
        self.before_read: Callable[[int], None] = lambda _: None
        # trusted publishing
        #: None: this index knows none (404).
        self.audience: str | None = None
        #: What the runner wants as bearer for an identity.
        self.runner_token = "runner-bearer-77"
        self.minted = MINTED
        #: Instead of the right answer of `audience` and `mint-token`.
        self.audience_answer: Answer | None = None
        self.mint_answer: Answer | None = None
        self._minted_once = False
        self._gone = asyncio.Event()

    # what a test says to it

    @property
    def simple_url(self) -> str:
        """What consumers install from."""
        return f"{self.url}/simple/"

    @property
    def upload_url(self) -> str:
        """What releases are uploaded to."""
        return f"{self.url}/legacy/"

    @property
    def runner_url(self) -> str:
        """For ACTIONS_ID_TOKEN_REQUEST_URL; ACTIONS_ID_TOKEN_REQUEST_TOKEN is runner_token."""
        return f"{self.url}/runner-token?api-version=2.0"

    def add(
        self,
        filename: str,
        content: bytes = b"content",
        *,
        requires_python: str | None = None,
        yanked: bool | str = False,
        hashes: Hashes | None = None,
        url: str | None = None,
        old: bool = False,
        project: str | None = None,
    ) -> Served:
        """Put a file on the index; its project is in its name unless it is said."""
        of = canonicalize_name(project or _project(filename))
        served = Served(filename, content, of, requires_python, yanked, hashes, url, old)
        self.files[filename] = served
        return served

    def stale(self, reads: int) -> None:
        """So many reads are answered by a node that has only the old files."""
        self.nodes = ["old"] * reads

    @property
    def identity(self) -> str:
        """What the runner gives out: a JWT for this audience, signed by nobody."""
        claims = json.dumps({"aud": self.audience}).encode()
        middle = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
        return f"eyJhbGciOiJub25lIn0.{middle}.double"

    def trust(self, audience: str = "double") -> None:
        """Offer trusted publishing."""
        self.audience = audience

    def refuse(self, code: str = "invalid-publisher", description: str = "no such one") -> None:
        """Trust nobody, as PyPI says it."""
        said = {"message": "Token request failed"}
        errors = [{"code": code, "description": description}]
        self.mint_answer = _json(422, {**said, "errors": errors})

    def asked(self, method: str, start: str) -> list[Got]:
        """The requests of this method whose path begins so."""
        return [got for got in self.requests if got.method == method and got.path.startswith(start)]

    # the server

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            self._app, lifespan="off", log_config=None, ws="none", interface="asgi3", http="h11"
        )
        self._server = _Embedded(config)
        self._serving = asyncio.create_task(self._server.serve([listening]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        self._server.ended.set()
        await self._serving

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        got = Got(scope["method"], f"{path}?{query}" if query else path, headers, body)
        self.requests.append(got)
        await self._send(self._answer(got, path, query), receive, send)

    async def _send(self, answer: Answer, receive: Receive, send: Send) -> None:
        if answer.how == "hang":
            waits = [asyncio.ensure_future(receive()), asyncio.ensure_future(self._gone.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for waiting in waits:
                waiting.cancel()
        if answer.how in ("close", "reset", "hang"):
            await _break(send, receive, abort=answer.how != "close")
            return
        headers = {**answer.headers}
        if isinstance(answer.body, bytes):
            headers["content-length"] = str(len(answer.body))
        raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        if not isinstance(answer.body, bytes):
            async for chunk in answer.body():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                # uvicorn swallows what is sent to nobody; the loop tells it that nobody is there.
                await asyncio.sleep(0)
                if send.__self__.disconnected:  # type: ignore[attr-defined]
                    return
            await send({"type": "http.response.body", "body": b""})
        elif answer.how == "cut":
            part = answer.body[:-1]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await _break(send, receive, abort=False)
        else:
            await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, got: Got, path: str, query: str) -> Answer:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match got.method, parts:
            case "GET", ["simple", project]:
                return self._page(got, project)
            case "GET", ["files", filename]:
                return self._file(got, filename)
            case "POST", ["legacy"]:
                return self._upload(got)
            case "GET", ["_", "oidc", "audience"]:
                right = None if self.audience is None else _json(200, {"audience": self.audience})
                return self.audience_answer or right or Answer(404)
            case "POST", ["_", "oidc", "mint-token"]:
                return self.mint_answer or self._mint(got)
            case "GET", ["runner-token"]:
                return self._runner(got, query)
        return Answer(404, b"not found", {"content-type": "text/plain"})

    def _stopped(self, got: Got) -> Answer | None:
        if not self.private or self._is_ours(got):
            return None
        if "authorization" in got.headers:
            return Answer(403, b"refused")
        return Answer(401, b"who?", {"www-authenticate": 'Basic realm="double"'})

    def _is_ours(self, got: Got) -> bool:
        tokens = [self.token] + [self.minted] * self._minted_once
        basics = [base64.b64encode(f"{self.username}:{t}".encode()).decode() for t in tokens]
        return got.headers.get("authorization") in [f"Basic {basic}" for basic in basics]

    def _page(self, got: Got, project: str) -> Answer:
        self.reads += 1
        self.before_read(self.reads)
        node = self.nodes.pop(0) if self.nodes else "new"
        if (stopped := self._stopped(got)) is not None:
            return stopped
        if self.page_answers:
            return self.page_answers.pop(0)
        if self.always_page is not None:
            return self.always_page
        name = canonicalize_name(project)
        files = [f for f in self.files.values() if f.project == name and (f.old or node == "new")]
        if not files:
            return Answer(404, b"no such project")
        rows = [self._row(file) for file in files]
        if self.html_only or JSON not in got.headers.get("accept", ""):
            return Answer(200, _html(name, rows), {"content-type": "text/html; charset=utf-8"})
        body = {"meta": {"api-version": "1.1"}, "name": name, "files": rows}
        return Answer(200, json.dumps(body).encode(), {"content-type": JSON})

    def _row(self, file: Served) -> dict[str, Any]:
        hashes = file.hashes
        if hashes is None:
            hashes = {"sha256": hashlib.sha256(file.content).hexdigest()}
        elif callable(hashes):
            hashes = hashes(self.reads)
        return {
            "filename": file.filename,
            # Relative in part, as PEP 503 lets it be.
            "url": file.url or f"../../files/{quote(file.filename)}",
            "hashes": dict(hashes),
            "requires-python": file.requires_python,
            "yanked": file.yanked,
        }

    def _file(self, got: Got, filename: str) -> Answer:
        file = self.files.get(filename)
        if (stopped := self._stopped(got)) is not None:
            return stopped
        if self.file_answers:
            return self.file_answers.pop(0)
        if self.always_file is not None:
            return self.always_file
        if file is None:
            return Answer(404, b"no such file")
        return Answer(200, file.content, {"content-type": "application/octet-stream"})

    def _upload(self, got: Got) -> Answer:
        fields, filename, content = _form(got)
        forced = self.upload_answers.pop(0) if self.upload_answers else self.always_upload
        if forced is not None:
            if forced.stores:
                self._keep(fields, filename, content)
            return forced
        if "authorization" not in got.headers:
            return Answer(401, b"who?", {"www-authenticate": 'Basic realm="double"'})
        if not self._is_ours(got):
            return Answer(403, b"Invalid or non-existent authentication information.")
        if fields.get(":action") != "file_upload" or not filename:
            return Answer(400, b"not an upload")
        there = self.files.get(filename)
        if there is not None and there.content != content:
            return Answer(self.duplicate, b"File already exists.")
        if there is None:
            self._keep(fields, filename, content)
        return Answer(200)

    def _keep(self, fields: dict[str, str], filename: str, content: bytes) -> None:
        self.uploaded.append(Upload(filename, content, fields))
        self.add(filename, content, requires_python=fields.get("requires_python"))

    def _mint(self, got: Got) -> Answer:
        if self.audience is None:
            return Answer(404)
        if json.loads(got.body).get("token") != self.identity:
            errors = [{"code": "invalid-token", "description": "malformed JWT"}]
            return _json(422, {"message": "Token request failed", "errors": errors})
        self._minted_once = True
        return _json(200, {"success": True, "token": self.minted})

    def _runner(self, got: Got, query: str) -> Answer:
        """docs.github.com/actions/reference/security/oidc: "Methods for requesting the token"."""
        if got.headers.get("authorization", "").lower() != f"bearer {self.runner_token}".lower():
            return Answer(401)
        if parse_qs(query).get("audience") != [self.audience]:
            return Answer(400)
        return _json(200, {"value": self.identity})


async def _break(send: Send, receive: Receive, *, abort: bool) -> None:
    """End the connection below of uvicorn, which always answers something."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    if abort:
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _project(filename: str) -> str:
    with contextlib.suppress(InvalidWheelFilename):
        return parse_wheel_filename(filename)[0]
    with contextlib.suppress(InvalidSdistFilename):
        return parse_sdist_filename(filename)[0]
    return re.split(r"-\d", filename)[0]


def _html(name: str, rows: list[dict[str, Any]]) -> bytes:
    links = []
    for row in rows:
        digest = next((f"#{k}={v}" for k, v in row["hashes"].items()), "")
        more = ""
        if row["requires-python"] is not None:
            more += f' data-requires-python="{html.escape(row["requires-python"])}"'
        if row["yanked"] is not False:
            why = row["yanked"] if isinstance(row["yanked"], str) else ""
            more += f' data-yanked="{html.escape(why)}"'
        href = html.escape(row["url"] + digest)
        links.append(f'<a href="{href}"{more}>{html.escape(row["filename"])}</a><br>')
    text = "\n".join(links)
    return f"<!DOCTYPE html><title>Links for {name}</title>\n{text}\n".encode()


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json"})


def _form(got: Got) -> tuple[dict[str, str], str, bytes]:
    """The fields, and the file's name and bytes; no multipart package is needed for that."""
    head = f"content-type: {got.headers.get('content-type', '')}\r\n\r\n".encode()
    fields, filename, content = {}, "", b""
    for part in BytesParser(policy=HTTP).parsebytes(head + got.body).iter_parts():
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        if part.get_filename() is not None:
            filename, content = part.get_filename() or "", data
        else:
            name = part.get_param("name", header="content-disposition")
            fields[str(name)] = data.decode()
    return fields, filename, content
