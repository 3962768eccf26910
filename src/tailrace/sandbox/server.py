"""The sandbox as a server inside this process: the API, Git over HTTP, the page, and faults."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tailrace.errors import ConfigurationError
from tailrace.sandbox.api.routes import api
from tailrace.sandbox.faults import TRANSPORT, Fault, Faults
from tailrace.sandbox.githttp import GitHttp
from tailrace.sandbox.index_process import IndexProcess
from tailrace.sandbox.page import page
from tailrace.sandbox.store import Store

#: Addresses that only this machine can reach.
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which also hands on its transport, so that a fault can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = cast("ASGIApp", self.app)

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = {"transport": transport}
            await inner(scope, receive, send)

        self.app = with_transport


class _Embedded(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever embeds the server."""
        yield


class SandboxServer:
    """``async with SandboxServer(folder) as server``: the forge answers at ``server.url``."""

    def __init__(
        self,
        root: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Sequence[Fault] = (),
        write_cost: float = 0.0,
        clock: Callable[[], float] = time.time,
        *,
        writers: int = 1,
        with_index: bool = False,
        index_port: int = 0,
    ) -> None:
        self.root = root
        self.forge = Store(root, clock)
        #: Every API call that came in: method and path with its query.
        self.api_calls: list[tuple[str, str]] = []
        self._called = asyncio.Event()
        self._host = host
        self._port = port
        self._write_cost = write_cost
        self._faults = Faults(self._dispatch, faults)
        #: What happens between reading a branch and moving it; a barrier here makes writers meet.
        self.before_commit: Callable[[], Awaitable[object]] = self._cost
        self._api = api(self.forge, lambda: self.url, lambda: self.before_commit())  # noqa: PLW0108
        self._git = GitHttp(self.forge)
        self._page = page(self.forge, lambda: self.url)
        #: How many writes are worked on at once: the cores of the server that is played.
        self._writers = asyncio.Semaphore(writers)
        #: Passes the time of one write.
        self._work: Callable[[float], Awaitable[object]] = asyncio.sleep
        self.url = ""
        #: The package index beside the forge; None where it was not asked for.
        self.index: IndexProcess | None = None
        if with_index:
            folder = root / "packages"
            self.index = IndexProcess(folder, self.forge.admin_token, host, index_port)

    @property
    def faults(self) -> list[Fault]:
        """What goes wrong; may be changed while it serves."""
        return self._faults.faults

    @property
    def throttled(self) -> int:
        """How many calls a throttle has turned away."""
        return self._faults.throttled

    async def called(self, times: int) -> None:
        """Waits until so many API calls have come in."""
        while len(self.api_calls) < times:
            self._called.clear()
            await self._called.wait()

    async def _cost(self) -> None:
        """What a write costs on a real server: processor time, so one at a time on each core."""
        if self._write_cost:
            async with self._writers:
                await self._work(self._write_cost)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith("/api/"):
            await self._api(scope, receive, send)
        elif ".git/" in path:
            await self._git(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _entry(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Escaped, so that an escaped slash does not end a part of the path.
            scope["path"] = scope["raw_path"].decode("latin-1")
            if scope["path"].startswith("/api/"):
                query = scope["query_string"].decode("latin-1")
                line = scope["path"] + (f"?{query}" if query else "")
                self.api_calls.append((scope["method"], line))
                self._called.set()
        await self._faults(scope, receive, send)

    async def __aenter__(self) -> Self:
        try:
            listening = _listen(self._host, self._port)
        except OSError as error:
            raise ConfigurationError(
                f"{self._host}:{self._port}: cannot listen there ({error.strerror})"
                "\n  next: choose another --port, or 0 for any that is free"
            ) from error
        host, port = listening.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        config = uvicorn.Config(
            self._entry,
            http=_Protocol,
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        if self.index is not None:
            try:
                await self.index.__aenter__()
            except ConfigurationError:
                listening.close()
                self.forge.close()
                raise
        self._server = _Embedded(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        await self._serving
        if self.index is not None:
            await self.index.__aexit__(None, None, None)
        self.forge.close()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. It names TCP itself: else asyncio leaves Nagle's delay of 40 ms on."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening
