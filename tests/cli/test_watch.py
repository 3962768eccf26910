"""``tailrace watch`` as people run it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

from tests.cascade.test_run import world
from tests.cli.processes import DEADLINE, start, tailrace


async def test_changes_are_said_as_they_come_and_the_end_is_verifys(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        asked = ("watch", "0.1.1001", "--sweeps", "1")
        done = await tailrace(*asked, cwd=tmp_path, **token)
        assert done.code == 1
        assert "codex  missing\n    .runtime-version is not there\n" in done.out
        lines = [line for line in done.out.split("\n") if line.startswith("::error msg=")]
        assert len(lines) == 6
        documents = await tailrace(*asked, "--json", cwd=tmp_path, **token)
        rows = [json.loads(line) for line in documents.out.splitlines()]
        assert {row["name"]: row["state"] for row in rows}["crewai"] == "skipped"
        assert (await tailrace("cascade", "0.1.1001", cwd=tmp_path, **token)).code == 0
        good = await tailrace(*asked, "--every", "1s", cwd=tmp_path, **token)
        assert good.code == 0


async def test_a_signal_ends_it(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        process = await start("watch", "0.1.1001", "--every", "1h", cwd=tmp_path, environ=token)
        assert process.stderr is not None
        async with asyncio.timeout(DEADLINE):
            while b"read, " not in await process.stderr.readline():
                pass
            process.send_signal(signal.SIGTERM)
            _, err = await process.communicate()
    assert process.returncode == 143
    assert b"Traceback" not in err


async def until(process: asyncio.subprocess.Process, words: bytes) -> bytes:
    """Standard error up to the line with these words."""
    assert process.stderr is not None
    said = b""
    while words not in said:
        line = await process.stderr.readline()
        assert line, said
        said += line
    return said


async def test_a_fleet_file_that_changes_is_followed_and_a_bad_one_is_not(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        file = tmp_path / "tailrace.toml"
        good = file.read_text()
        process = await start("watch", "0.1.1001", "--every", "0.1s", cwd=tmp_path, environ=token)
        async with asyncio.timeout(DEADLINE):
            await until(process, b" read, ")
            file.write_text(good + "\nnonsense = 1\n")
            said = await until(process, b"nonsense")
            assert b"error: " in said
            file.write_text(good.replace(incident.server.url, "http://127.0.0.1:9"))
            await until(process, b"start it again")
            head, *tables = good.split("[[downstream]]")
            file.write_text("[[downstream]]".join([head, *tables[:2]]))
            await until(process, b"has changed: 2 listed")
            await until(process, b" read, ")
            process.send_signal(signal.SIGINT)
            said = await until(process, b"stopped by SIGINT after ")
            await process.communicate()
    assert process.returncode == 130
    assert said.endswith(b" sweeps: 2 diverged\n")


async def test_a_reader_that_went_away_ends_it_though_nothing_changes(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        reading, writing = os.pipe()
        process = await start(
            "watch", "0.1.1001", "--every", "0.1s", cwd=tmp_path, environ=token, stdout=writing
        )
        os.close(writing)
        async with asyncio.timeout(DEADLINE):
            await until(process, b" read, ")
            os.close(reading)
            _, err = await process.communicate()
    assert (process.returncode, b"Traceback" in err) == (3, False)
