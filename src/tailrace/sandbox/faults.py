"""Faults on demand: what a forge, a proxy or a network does on a bad night."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tailrace.errors import ConfigurationError

KINDS = {
    "latency": "seconds before the answer",
    "status": "an answer with this status",
    "drop": "the connection breaks before anything is done",
    "lost-answer": "it is done, then the connection breaks",
    "slow-body": "seconds between the two halves of the answer's body",
    "truncated-json": "half of the answer's body, well framed",
    "html": "an HTML page with 200, as a proxy gives it",
    "wrong-json": "JSON of another shape with 200",
    "redirect": "a redirect to this address",
    "throttle": "more than so many calls at once get 429",
}
#: Where the connection's transport is found in a scope's extensions.
TRANSPORT = "tailrace.transport"
_NEED_VALUE = {"latency", "status", "slow-body", "redirect", "throttle"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, and which calls it hits."""

    kind: str
    value: str = ""
    #: Searched in ``METHOD /path?query``.
    match: str = ""
    #: How often at the most; 0: without end.
    times: int = 0
    #: Matching calls that are let through first.
    after: int = 0
    #: Every Nth matching call.
    every: int = 1
    retry_after: str = ""

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault from ``KIND[=VALUE][,match=REGEX][,times=N][,after=N][,every=N]``.

        A comma in the regular expression is written ``\\x2c``. Raises `ConfigurationError`.
        """
        first, *rest = text.split(",")
        kind, _, value = first.partition("=")
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise ConfigurationError(
                f"--fault {text!r}: there is no {kind!r}\n  there are: {known}"
            )
        if (kind in _NEED_VALUE) != bool(value):
            what = "needs" if kind in _NEED_VALUE else "takes no"
            raise ConfigurationError(f"--fault {text!r}: {kind} {what} a value")
        fields: dict[str, Any] = {"kind": kind, "value": value}
        for part in rest:
            key, _, setting = part.partition("=")
            if key in ("times", "after", "every") and setting.isdecimal():
                fields[key] = int(setting)
            elif key in ("match", "retry-after") and setting:
                fields[key.replace("-", "_")] = setting
            else:
                raise ConfigurationError(f"--fault {text!r}: cannot read {part!r}")
        try:
            re.compile(fields.get("match", ""))
            if kind in ("latency", "slow-body"):
                float(value)
            status = int(value) if kind == "status" else 500
            least = int(value) if kind == "throttle" else 1
        except (re.error, ValueError) as error:
            raise ConfigurationError(f"--fault {text!r}: {error}") from error
        if least < 1:
            raise ConfigurationError(f"--fault {text!r}: throttle lets at least 1 through")
        if not 200 <= status <= 599:
            raise ConfigurationError(f"--fault {text!r}: no status of an answer")
        if fields.get("every") == 0:
            raise ConfigurationError(f"--fault {text!r}: every=0 hits nothing")
        return cls(**fields)


class Faults:
    """Middleware that lets faults happen. The list may be changed while it serves."""

    def __init__(self, app: ASGIApp, faults: Sequence[Fault]) -> None:
        self._app = app
        self.faults = list(faults)
        #: By identity; the fault is kept beside its counts, so that no other gets its number.
        self._counts: dict[int, tuple[Fault, int, int]] = {}
        #: Calls that are worked on now, and how many a throttle has turned away.
        self._under_way = 0
        self.throttled = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._through(scope, receive, send)
        finally:
            self._under_way -= 1

    async def _through(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        line = f"{scope['method']} {scope['path']}" + (f"?{query}" if query else "")
        for fault in self.faults:
            if self._hits(fault, line):
                send = await self._happen(fault, scope, receive, send)
                if send is _NOTHING:
                    return
        await self._app(scope, receive, send)

    def _hits(self, fault: Fault, line: str) -> bool:
        if re.search(fault.match, line) is None:
            return False
        _, seen, hit = self._counts.get(id(fault), (fault, 0, 0))
        seen += 1
        due = seen > fault.after and (seen - fault.after) % fault.every == 0
        due = due and not (fault.times and hit >= fault.times)
        self._counts[id(fault)] = (fault, seen, hit + due)
        return due

    async def _happen(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> Send:
        """Do the fault; what to answer through, or `_NOTHING` where all is said."""
        match fault.kind:
            case "latency":
                await asyncio.sleep(float(fault.value))
                return send
            case "throttle":
                if self._under_way <= int(fault.value):
                    return send
                self.throttled += 1
                body = b'{"message":"too many requests","url":"sandbox"}'
                extra = [(b"retry-after", (fault.retry_after or "1").encode())]
                await _answer(send, 429, b"application/json", body, extra)
            case "drop":
                await _break(scope)
                return _NOTHING
            case "lost-answer":
                await self._app(scope, receive, _NOTHING)
                await _break(scope)
                return _NOTHING
            case "truncated-json":
                return _Truncated(send)
            case "slow-body":
                return _Slow(send, float(fault.value))
            case "status":
                body = b'{"message":"fault","url":"sandbox"}'
                extra = [(b"retry-after", fault.retry_after.encode())] if fault.retry_after else []
                await _answer(send, int(fault.value), b"application/json", body, extra)
            case "html":
                body = b"<!doctype html><title>502</title><h1>Bad gateway</h1>"
                await _answer(send, 200, b"text/html", body)
            case "wrong-json":
                await _answer(send, 200, b"application/json", b'[{"unexpected": [1, null]}]')
            case "redirect":
                extra = [(b"location", fault.value.encode())]
                await _answer(send, 307, b"text/html", b"", extra)
        return _NOTHING


async def _NOTHING(message: Message) -> None:  # noqa: N802 - a constant that is a function
    """Where answers go that nobody gets."""


async def _break(scope: Scope) -> None:
    """Break the TCP connection with a reset, and let the server notice."""
    scope["extensions"][TRANSPORT]["transport"].abort()
    await asyncio.sleep(0)


async def _answer(
    send: Send, status: int, kind: bytes, body: bytes, extra: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Truncated:
    """Lets only half of a body through, with headers that say so."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        half = self._body[: len(self._body) // 2]
        kept = [h for h in self._start["headers"] if h[0].lower() != b"content-length"]
        headers = [*kept, (b"content-length", str(len(half)).encode())]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": half})


class _Slow:
    """Waits in the middle of a body."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds

    async def __call__(self, message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and body:
            half = len(body) // 2
            await self._send({**message, "body": body[:half], "more_body": True})
            await asyncio.sleep(self._seconds)
            message = {**message, "body": body[half:]}
        await self._send(message)
