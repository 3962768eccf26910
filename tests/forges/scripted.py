"""A raw HTTP server that answers what a test says, down to the bytes, and remembers what it got."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

import msgspec

TOKEN = "tok-0f9e8d7c6b5a"


@dataclass(frozen=True)
class Got:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """Bytes to send, and what to do after them."""

    content: bytes
    #: Keep the connection open and say nothing more.
    hang: bool = False
    #: Break the connection off.
    reset: bool = False


RESET = Answer(b"", reset=True)
HANG = Answer(b"", hang=True)


def raw(status: int, body: bytes, **headers: str) -> Answer:
    """A whole answer with this body."""
    lines = {"content-length": str(len(body)), "connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Answer(head.encode() + b"\r\n" + body)


def json(status: int, value: object, **headers: str) -> Answer:
    """A whole answer with this value."""
    return raw(status, msgspec.json.encode(value), **headers)


Script = Callable[[Got], Answer]


def in_turn(*answers: Answer) -> Script:
    """Each request gets the next one; the last one repeats."""
    rest = list(answers)
    return lambda _: rest.pop(0) if len(rest) > 1 else rest[0]


def by_path(answers: dict[str, Answer]) -> Script:
    """By method and path; the rest is 404."""
    missing = json(404, {"message": "not found"})
    return lambda got: answers.get(f"{got.method} {got.path}", missing)


@dataclass
class Server:
    """``async with Server(script) as server``: answers at ``server.url``."""

    script: Script
    got: list[Got] = field(default_factory=list)
    url: str = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Got(method, path, headers, body))
            answer = self.script(self.got[-1])
            writer.write(answer.content)
            await writer.drain()
            if answer.hang:
                await reader.read()
            if answer.reset:
                writer.transport.abort()
        except ConnectionError:
            writer.transport.abort()
        finally:
            writer.close()


class Waits(list[float]):
    """The injected sleep: remembers how long, and does not."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
        await asyncio.sleep(0)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception with everything that hangs on it."""
    seen: set[int] = set()
    rest = [error]
    while rest:
        one = rest.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        rest += [one.__cause__, one.__context__]


def texts(errors: Sequence[BaseException]) -> str:
    """All that could be printed or logged of them."""
    return "\n".join(f"{one!s} {one!r} {one.args!r}" for error in errors for one in chain(error))
