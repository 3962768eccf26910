"""Outputs that break: nobody reads, the disk is full, a file cannot be written at the end."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.cascade.test_run import World, world
from tests.cli.processes import DEADLINE, start, tailrace

VERSION = "0.1.1001"


async def test_files_are_written_where_nobody_reads_standard_output(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        reading, writing = os.pipe()
        os.close(reading)
        process = await start(
            "cascade",
            VERSION,
            "--junit",
            "j.xml",
            cwd=tmp_path,
            environ={**token, "GITHUB_OUTPUT": "out"},
            stdout=writing,
        )
        os.close(writing)
        async with asyncio.timeout(DEADLINE):
            _, err = await process.communicate()
        assert (process.returncode, b"Traceback" in err) == (3, False)
        assert incident.pin("codex") == f"{VERSION}\n"
    root = ET.parse(tmp_path / "j.xml").getroot()  # noqa: S314 - our own
    assert root[0].get("failures") == "0"
    assert '"result": "converged"' in (tmp_path / ".tailrace" / "cascade.json").read_text()
    assert "result=converged\n" in (tmp_path / "out").read_text()


async def without_result(folder: Path, incident: World, *options: str) -> int:
    """The exit code of a cascade that loses the folder of its result file at its first write."""
    kept = folder / "kept"
    kept.mkdir()

    async def lose() -> None:
        if kept.is_dir():
            kept.rmdir()
            kept.write_text("a file now")

    incident.server.before_commit = lose
    token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
    asked = ("cascade", VERSION, "--result-file", "kept/r.json", *options)
    done = await tailrace(*asked, cwd=folder, **token)
    assert "kept/r.json: cannot be written" in done.err
    return done.code


async def test_a_result_that_cannot_be_written_is_not_green(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        assert await without_result(tmp_path, incident) == 2


async def test_but_what_has_not_converged_goes_before_it(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        name = incident.repository("codex").name
        incident.server.forge.protect("molecule-ai", name)
        assert await without_result(tmp_path, incident) == 1


async def test_a_device_is_not_replaced_by_the_result(tmp_path: Path) -> None:
    device = tmp_path / "pipe"
    os.mkfifo(device)
    async with world(tmp_path) as incident:
        token = {"TAILRACE_TOKEN": incident.server.forge.admin_token}
        asked = ("cascade", VERSION, "--result-file", str(device))
        done = await tailrace(*asked, cwd=tmp_path, **token)
        assert (done.code, "is no plain file" in done.err) == (2, True)
        assert incident.pin("hermes") == "0.1.1000\n"
    assert stat.S_ISFIFO(device.stat().st_mode)
