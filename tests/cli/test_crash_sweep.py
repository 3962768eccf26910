"""Stopped at every request and run again: converged, one release commit each, none empty."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.cascade.test_run import World, world
from tests.cli.processes import DEADLINE, start, tailrace

VERSION = "0.1.1001"
#: What a cascade over the incident's fleet takes; the last test holds it to that.
LEAST, CALLS = 29, 31


class Instant(StrEnum):
    """What becomes of the request at which the process is stopped."""

    #: It came in and is never carried out.
    NEVER = "never"
    #: It was carried out, and its answer is on no wire yet.
    DONE = "done"
    #: It is carried out after the process is gone.
    LATE = "late"


class Held:
    """Holds the n-th request of the API until it is let go."""

    def __init__(self, incident: World, number: int, instant: Instant) -> None:
        self._server = incident.server
        self._inner = incident.server._api
        self._number, self._instant = number, instant
        self._seen = 0
        self.reached = asyncio.Event()
        self.gone = asyncio.Event()
        self.finished = asyncio.Event()
        self._server._api = self  # type: ignore[assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._seen += 1
        if self._seen != self._number:
            await self._inner(scope, receive, send)
            return
        body = await receive()

        async def again() -> Message:
            return body

        async def nowhere(message: Message) -> None:
            """The process that asked is gone, or will be."""

        if self._instant is Instant.DONE:
            await self._inner(scope, again, nowhere)
        self.reached.set()
        await self.gone.wait()
        if self._instant is Instant.LATE:
            await self._inner(scope, again, nowhere)
        self.finished.set()


async def reached_before_the_end(held: Held, process: asyncio.subprocess.Process) -> bool:
    ends = [asyncio.create_task(held.reached.wait()), asyncio.create_task(process.wait())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    return held.reached.is_set()


@asynccontextmanager
async def stopped_at(
    folder: Path, number: int, instant: Instant, by: signal.Signals
) -> AsyncIterator[tuple[World, int, bytes]]:
    """A cascade that was stopped at its n-th request: the world, exit code, standard output."""
    async with world(folder) as incident:
        held = Held(incident, number, instant)
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        process = await start("cascade", VERSION, "--json", cwd=folder, environ=token)
        async with asyncio.timeout(DEADLINE):
            if await reached_before_the_end(held, process):
                process.send_signal(by)
            out, _ = await process.communicate()
            held.gone.set()
            if held.reached.is_set():
                await held.finished.wait()
            else:
                # Where two downstreams fetch one pin, there are a few requests more.
                assert (number > LEAST, process.returncode) == (True, 0)
        yield incident, process.returncode or 0, out


async def converges(incident: World, folder: Path) -> None:
    """Run once more, everything is right, and nothing was done twice."""
    token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
    done = await tailrace("cascade", VERSION, cwd=folder, **token)
    assert done.code == 0, done.err
    for downstream in incident.fleet.downstreams:
        name = downstream.name
        wanted = 0 if name == "crewai" else 1
        trailer = "%(trailers:key=Tailrace-Release,valueonly,separator=%x2C)"
        said = incident.git(name, "log", "main", f"--format={trailer}").split("\n")
        assert sum(VERSION in line for line in said) == wanted, name
        if wanted:
            assert incident.pin(name) == f"{VERSION}\n"
            changed = incident.git(name, "diff", "--name-only", "main~1", "main")
            assert changed == ".runtime-version\n", name


@pytest.mark.parametrize("instant", [Instant.NEVER, Instant.DONE])
@pytest.mark.parametrize("number", range(1, CALLS + 1))
async def test_killed_at_every_request(tmp_path: Path, number: int, instant: Instant) -> None:
    async with stopped_at(tmp_path, number, instant, signal.SIGKILL) as (incident, code, out):
        assert code == 0 or (code, out) == (-signal.SIGKILL, b"")
        await converges(incident, tmp_path)


@pytest.mark.parametrize("number", range(1, CALLS + 1, 3))
async def test_killed_and_the_request_is_carried_out_later(tmp_path: Path, number: int) -> None:
    async with stopped_at(tmp_path, number, Instant.LATE, signal.SIGKILL) as (incident, code, _):
        assert code in (0, -signal.SIGKILL)
        await converges(incident, tmp_path)


@pytest.mark.parametrize("number", range(1, CALLS + 1))
async def test_stopped_cleanly_at_every_request(tmp_path: Path, number: int) -> None:
    by, code = [(signal.SIGINT, 130), (signal.SIGTERM, 143)][number % 2]
    instant = [Instant.DONE, Instant.NEVER, Instant.LATE][number % 3]
    async with stopped_at(tmp_path, number, instant, by) as (incident, returned, out):
        assert returned in (0, code)
        document = json.loads(out)
        assert document["exit_code"] == returned
        for row in document["downstreams"]:
            # What it says is so: converged was read, everything else has a next step.
            if row["state"] == "converged":
                assert incident.pin(row["name"]) == f"{VERSION}\n"
            else:
                assert row["state"] in ("skipped", "unknown")
                assert row["state"] == "skipped" or "next: " in row["detail"]
        await converges(incident, tmp_path)


async def test_the_sweep_reaches_every_request(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        incident.server.api_calls.clear()
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        done = await tailrace("cascade", VERSION, cwd=tmp_path, **token)
        assert done.code == 0
        assert LEAST <= len(incident.server.api_calls) <= CALLS
