"""Faults on demand: read from text, and what a client sees of each."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tailrace.errors import ConfigurationError
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.server import SandboxServer

VERSION = "/api/v1/version"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop", Fault("drop")),
        ("status=503,times=2", Fault("status", "503", times=2)),
        ("latency=0.2,match=^GET .*/trees/,after=3,every=2", None),
        ("status=429,retry-after=2", Fault("status", "429", retry_after="2")),
        (r"html,match=a\x2cb", Fault("html", match=r"a\x2cb")),
    ],
)
def test_a_fault_from_text(text: str, fault: Fault | None) -> None:
    found = Fault.parse(text)
    expected = Fault("latency", "0.2", match="^GET .*/trees/", after=3, every=2)
    assert found == (fault or expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "explode",
        "status",
        "status=abc",
        "status=99",
        "drop=1",
        "latency=x",
        "drop,match=(",
        "drop,times=-1",
        "drop,nonsense=1",
        "drop,every=0",
        "latency",
    ],
)
def test_a_text_that_is_no_fault(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--fault"):
        Fault.parse(text)


async def seen(server: SandboxServer) -> str:
    """What a client sees of one call."""
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{server.url}{VERSION}", allow_redirects=False) as answer,
        ):
            body = await answer.text()
            return f"{answer.status} {answer.content_type} {body[:9]}"
    except aiohttp.ClientError as error:
        return type(error).__name__


WHOLE = '200 application/json {"version'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latency=0", WHOLE),
        ("status=503", '503 application/json {"message'),
        ("html", "200 text/html <!doctype"),
        ("wrong-json", '200 application/json [{"unexpe'),
        ("redirect=http://other.test/", "307 text/html "),
        ("truncated-json", '200 application/json {"version'),
        ("slow-body=0", WHOLE),
    ],
)
async def test_what_a_client_sees(tmp_path: Path, text: str, expected: str) -> None:
    async with SandboxServer(tmp_path, faults=[Fault.parse(text)]) as server:
        assert await seen(server) == expected


@pytest.mark.parametrize("kind", ["drop", "lost-answer"])
async def test_a_connection_that_breaks(tmp_path: Path, kind: str) -> None:
    async with SandboxServer(tmp_path, faults=[Fault.parse(kind)]) as server:
        assert await seen(server) in ("ServerDisconnectedError", "ClientOSError")


async def test_a_lost_answer_is_after_the_commit_and_a_drop_before(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path) as server:
        server.forge.create_repository("acme", "one", {"a": b"a"})
        headers = {"Authorization": f"token {server.forge.admin_token}"}
        url = f"{server.url}/api/v1/repos/acme/one/contents"
        edit = {"content": "MQo=", "message": "m"}
        async with aiohttp.ClientSession(headers=headers) as http:
            for kind in ("drop", "lost-answer"):
                server.faults[:] = [Fault.parse(f"{kind},match=^POST")]
                with pytest.raises(aiohttp.ClientError):
                    await http.post(f"{url}/{kind}", json=edit)
            server.faults.clear()
            statuses = []
            for kind in ("drop", "lost-answer"):
                async with http.get(f"{url}/{kind}") as answer:
                    statuses.append(answer.status)
    assert statuses == [404, 200]


async def test_times_after_and_every_count_the_calls_that_match(tmp_path: Path) -> None:
    fault = Fault.parse("status=500,match=version,after=1,every=2,times=2")
    async with SandboxServer(tmp_path, faults=[fault]) as server:
        answers = [(await seen(server))[:3] for _ in range(7)]
    assert answers == ["200", "200", "500", "200", "500", "200", "200"]
