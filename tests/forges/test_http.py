"""The transport: what is tried again, what never is, and where the token goes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.forges.scripted import (
    HANG,
    RESET,
    TOKEN,
    Answer,
    Server,
    Waits,
    by_path,
    in_turn,
    json,
    raw,
    texts,
)

from tailrace.forges.answers import Redirected, Rejected
from tailrace.forges.base import AnswerLost, BadAnswer, RateLimited, Unreachable
from tailrace.forges.http import ANSWER_LIMIT, Patience, Transport

OK = json(200, {"a": 1})
PATIENCE = Patience(attempts=4, first=0.25, most=1.0, longest_retry_after=60.0)
Shape = dict[str, Any]


class Line:
    """A transport to a scripted server, and how long it would have waited."""

    def __init__(self, server: Server, transport: Transport, waits: Waits) -> None:
        self.server, self.transport, self.waits = server, transport, waits

    async def get(self) -> Shape:
        return await self.transport.get("/x", Shape)

    async def send(self) -> Shape:
        return await self.transport.send("PUT", "/x", {"b": 2}, Shape)


@asynccontextmanager
async def line(
    *answers: Answer, timeout: float = 5.0, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Line]:
    waits = Waits()
    async with Server(in_turn(*answers)) as server:
        transport = Transport(
            server.url + "/api",
            authorization=f"token {TOKEN}",
            concurrency=8,
            timeout=timeout,
            patience=PATIENCE,
            sleep=waits,
            clock=clock,
        )
        async with transport:
            yield Line(server, transport, waits)


async def test_a_call_carries_the_token_and_the_name_of_the_tool() -> None:
    async with line(OK) as to:
        assert await to.get() == {"a": 1}
        assert await to.send() == {"a": 1}
    got = to.server.got
    assert [(g.method, g.path, g.body) for g in got] == [
        ("GET", "/api/x", b""),
        ("PUT", "/api/x", b'{"b":2}'),
    ]
    assert {g.headers["authorization"] for g in got} == {f"token {TOKEN}"}
    assert all(g.headers["user-agent"].startswith("tailrace/") for g in got)
    assert to.transport.calls == 2


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
async def test_a_read_is_tried_again_with_growing_waits(status: int) -> None:
    bad = raw(status, b"<html>down</html>")
    async with line(bad, bad, bad, OK) as to:
        assert await to.get() == {"a": 1}
    assert len(to.server.got) == 4
    assert len(to.waits) == 3
    for wait, least in zip(to.waits, (0.25, 0.5, 1.0), strict=True):
        assert least <= wait <= min(least + 0.25, PATIENCE.most)


async def test_patience_ends() -> None:
    async with line(raw(503, b"")) as to:
        with pytest.raises(Unreachable, match="tried 4 times") as caught:
            await to.get()
    assert (len(to.server.got), len(to.waits)) == (4, 3)
    assert "\n  next: " in str(caught.value)
    assert not isinstance(caught.value, AnswerLost)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 423])
async def test_other_statuses_are_the_adapters_business(status: int) -> None:
    async with line(json(status, {"message": "why\x1b[31m\nnot", "errors": ["e1", "e2"]})) as to:
        with pytest.raises(Rejected) as caught:
            await to.get()
    assert (caught.value.status, caught.value.message) == (status, "why [31m not e1")
    assert (len(to.server.got), to.waits) == (1, [])


LIMITED = {"message": "slow down"}
DATE = "Mon, 01 Jan 2001 00:00:00 GMT"


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (json(429, LIMITED, retry_after="7"), 7.0),
        (json(503, LIMITED, retry_after="3"), 3.0),
        # Compared with the answer's own date, whatever the clock here says.
        (json(429, LIMITED, date=DATE, retry_after="Mon, 01 Jan 2001 00:00:20 GMT"), 20.0),
        (json(429, LIMITED, date=DATE, retry_after="Sun, 31 Dec 2000 00:00:00 GMT"), 0.0),
        (json(403, LIMITED, retry_after="5"), 5.0),
        (
            json(
                403,
                LIMITED,
                date=DATE,
                x_ratelimit_remaining="0",
                x_ratelimit_reset="978307211",
            ),
            11.0,
        ),
    ],
    ids=["429", "503", "date", "past", "403", "github"],
)
async def test_it_waits_as_long_as_it_is_asked_to(answer: Answer, wait: float) -> None:
    async with line(answer, OK) as to:
        assert await to.get() == {"a": 1}
    assert to.waits == [wait]


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", "٣", ""])
async def test_a_senseless_retry_after_is_no_wait(value: str) -> None:
    answer = Answer(
        b"HTTP/1.1 429 x\r\nconnection: close\r\ncontent-length: 0\r\n"
        b"retry-after: " + value.encode() + b"\r\n\r\n"
    )
    async with line(answer, OK) as to:
        assert await to.get() == {"a": 1}
    assert len(to.waits) == 1
    assert 0.25 <= to.waits[0] <= 0.5


async def test_it_does_not_wait_for_an_hour() -> None:
    async with line(json(429, LIMITED, retry_after="3600")) as to:
        with pytest.raises(RateLimited, match="asks to wait 3600 s") as caught:
            await to.get()
    assert (len(to.server.got), to.waits) == (1, [])
    assert "\n  next: " in str(caught.value)


async def test_limited_to_the_end_says_so() -> None:
    async with line(json(429, LIMITED, retry_after="1")) as to:
        with pytest.raises(RateLimited, match="concurrency"):
            await to.send()
    assert to.waits == [1.0, 1.0, 1.0]


async def test_a_write_that_was_told_to_slow_down_is_repeated() -> None:
    async with line(json(429, LIMITED, retry_after="2"), OK) as to:
        assert await to.send() == {"a": 1}
    assert (len(to.server.got), to.waits) == (2, [2.0])


@pytest.mark.parametrize(
    "answer",
    [
        RESET,
        HANG,
        raw(200, b"<html>signed in?</html>", content_type="text/html"),
        raw(201, b'{"a": 1'),
        raw(200, b""),
        Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"),
        Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", hang=True),
        Answer(b"not http at all\r\n\r\n"),
    ],
    ids=["reset", "time-out", "html", "cut json", "empty", "cut body", "slow body", "garbage"],
)
async def test_a_write_whose_answer_is_lost_is_never_sent_twice(answer: Answer) -> None:
    async with line(answer, OK, timeout=0.3) as to:
        with pytest.raises(AnswerLost):
            await to.send()
    assert (len(to.server.got), to.waits) == (1, [])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_write_that_failed_there_is_never_sent_twice(status: int) -> None:
    async with line(raw(status, b""), OK) as to:
        with pytest.raises(Rejected):
            await to.send()
    assert (len(to.server.got), to.waits) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        RESET,
        HANG,
        raw(200, b"<html></html>"),
        raw(200, b'{"a": 1'),
        raw(200, b"[" * 100_000),
        raw(200, b'{"a": "\xff"}'),
        Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"),
        Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", hang=True),
        Answer(b"not http at all\r\n\r\n"),
        Answer(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"),
    ],
    ids=[
        "reset",
        "time-out",
        "html",
        "cut json",
        "deep",
        "not utf-8",
        "cut body",
        "slow body",
        "garbage",
        "long header",
    ],
)
async def test_a_read_whose_answer_is_no_answer_is_tried_again(answer: Answer) -> None:
    async with line(answer, OK, timeout=0.3) as to:
        assert await to.get() == {"a": 1}
    assert (len(to.server.got), len(to.waits)) == (2, 1)


async def test_nobody_there() -> None:
    async with Server(in_turn(OK)) as server:
        url = server.url
    waits = Waits()
    transport = Transport(
        url, authorization=None, concurrency=1, timeout=5, patience=PATIENCE, sleep=waits
    )
    async with transport:
        # Nothing was sent, so a write is tried again as well.
        for call in (
            transport.get("/x", Shape),
            transport.send("PUT", "/x", {}, Shape),
        ):
            with pytest.raises(Unreachable, match="cannot connect") as caught:
                await call
            assert not isinstance(caught.value, AnswerLost)
    assert len(waits) == 6


async def test_an_answer_without_end_is_not_read_to_the_end() -> None:
    async with line(raw(200, b" " * (ANSWER_LIMIT + 1))) as to:
        with pytest.raises(BadAnswer, match=f"more than {ANSWER_LIMIT:,} bytes"):
            await to.get()
    assert len(to.server.got) == 1


async def test_a_401_in_the_middle_is_worth_one_retry() -> None:
    async with line(OK, raw(401, b""), OK) as to:
        await to.get()
        assert await to.get() == {"a": 1}
    assert len(to.server.got) == 3


async def test_and_only_one() -> None:
    async with line(OK, raw(401, b"")) as to:
        await to.get()
        with pytest.raises(Rejected) as caught:
            await to.get()
    assert caught.value.status == 401
    assert len(to.server.got) == 3


async def test_a_401_at_the_start_is_the_last_call() -> None:
    async with line(json(401, {"message": "who?"}), OK) as to:
        for call in (to.get, to.get, to.send):
            with pytest.raises(Rejected) as caught:
                await call()
            assert (caught.value.status, caught.value.message) == (401, "who?")
    assert len(to.server.got) == 1


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_forge_that_comes_back_is_asked_again() -> None:
    clock = Clock()
    async with line(RESET, clock=clock) as to:
        for _ in range(5):
            with pytest.raises(Unreachable):
                await to.get()
        assert len(to.server.got) == 3 * PATIENCE.attempts
        to.server.script = in_turn(OK)
        with pytest.raises(Unreachable, match="no more is tried"):
            await to.get()
        clock.now += 10
        assert await to.get() == {"a": 1}
        assert await to.get() == {"a": 1}


async def test_one_call_at_a_time_tries_a_forge_that_is_down() -> None:
    clock = Clock()
    async with line(RESET, clock=clock) as to:
        for _ in range(5):
            with pytest.raises(Unreachable):
                await to.get()
        to.server.got.clear()
        for _ in range(3):
            clock.now += 10
            for call in (to.get, to.get, to.send):
                with pytest.raises(Unreachable):
                    await call()
    assert [g.method for g in to.server.got] == ["GET"] * 3


async def test_a_token_that_was_refused_is_tried_again_after_a_while() -> None:
    clock = Clock()
    async with line(raw(401, b""), clock=clock) as to:
        for _ in range(3):
            with pytest.raises(Rejected):
                await to.get()
        assert len(to.server.got) == 1
        to.server.script = in_turn(OK)
        clock.now += 120
        assert await to.get() == {"a": 1}
        assert await to.get() == {"a": 1}


async def test_a_refusal_teaches_nothing_of_how_quick_a_forge_is() -> None:
    clock = Clock()
    async with line(OK, clock=clock) as to:

        def script(got: object) -> Answer:
            quick = len(to.server.got) == 1
            clock.now += 0.001 if quick else 0.3
            return json(404, {}) if quick else OK

        to.server.script = script
        with pytest.raises(Rejected):
            await to.get()
        before = to.transport.limiter.limit
        for _ in range(30):
            await to.get()
        assert to.transport.limiter.limit == before


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_on_the_forge_is_the_adapters_business(status: int) -> None:
    async with line(raw(status, b"", location="/api/repositories/7?x=1")) as to:
        for call in (to.get, to.send):
            with pytest.raises(Redirected) as caught:
                await call()
            assert caught.value.path.split("?")[0] == "/repositories/7"
    assert len(to.server.got) == 2


async def test_the_token_never_goes_to_another_host() -> None:
    async with Server(in_turn(OK)) as other, line(OK) as to:
        port = other.url.rpartition(":")[2]
        places = [
            f"{other.url}/api/x",
            f"//127.0.0.1:{port}/api/x",
            f"http://user:{TOKEN}@127.0.0.1:{port}/api/x",
            f"http://localhost:{port}/api/x",
            to.server.url.replace("http:", "https:") + "/api/x",
            "file:///etc/passwd",
            "/elsewhere/api/x",
            "http://[::1",
            "javascript:alert(1)",
        ]
        for place in places:
            to.server.script = in_turn(raw(302, b"", location=place))
            for call in (to.get, to.send):
                with pytest.raises(BadAnswer, match="not followed") as caught:
                    await call()
                assert "\n  next: " in str(caught.value)
        assert other.got == []
        assert len(to.server.got) == 2 * len(places)


async def test_the_token_is_in_no_text() -> None:
    troubles = [
        RESET,
        HANG,
        raw(401, b""),
        raw(403, b""),
        raw(404, b"<html>"),
        raw(429, b"", retry_after="9999"),
        raw(500, b"x"),
        raw(302, b"", location="http://127.0.0.1:1/"),
        raw(200, b"nonsense"),
        Answer(b"nonsense\r\n\r\n"),
    ]
    seen: list[BaseException] = []
    for trouble in troubles:
        async with line(trouble, timeout=0.2) as to:
            for call in (to.get, to.send):
                with pytest.raises(Exception) as caught:  # noqa: PT011 - any of them
                    await call()
                seen.append(caught.value)
    assert len(seen) == 2 * len(troubles)
    assert TOKEN not in texts(seen)


async def test_no_more_calls_at_once_than_allowed() -> None:
    import asyncio

    at_once = 0
    most = 0

    async with Server(by_path({})) as server:
        transport = Transport(server.url, authorization=None, concurrency=3, timeout=5)

        async def one() -> None:
            nonlocal at_once, most
            with pytest.raises(Rejected):
                await transport.get("/x", Shape)

        def script(_: object) -> Answer:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            asyncio.get_running_loop().call_soon(leave)
            return json(404, {})

        def leave() -> None:
            nonlocal at_once
            at_once -= 1

        server.script = script
        async with transport:
            await asyncio.gather(*(one() for _ in range(12)))
    assert len(server.got) == 12
    assert 1 <= most <= 3
