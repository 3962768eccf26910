"""``tailrace watch`` as people run it."""

from __future__ import annotations

import asyncio
import json
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
