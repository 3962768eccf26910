"""A signal that comes when all is done."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from tests.cascade.test_run import ALL_CONVERGED, RELEASE, no_wait, states, world

from tailrace.cascade.run import Run
from tailrace.cli.stopping import stopped_by_signals
from tailrace.runs import Report


async def test_a_signal_while_connections_are_closed_loses_no_report(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:

        async def cascade() -> Report:
            with stopped_by_signals() as stop:
                async with incident.forge() as forge:
                    run = Run(incident.fleet, forge, RELEASE, sleep=no_wait, stop=stop)
                    report = await run.cascade()
                    os.kill(os.getpid(), signal.SIGTERM)
                    # The loop hears of it while something is still waited for.
                    for _ in range(5):
                        await asyncio.sleep(0)
            assert stop.signal is None
            return report

        report = await asyncio.create_task(cascade())
    assert states(report) == ALL_CONVERGED
    assert report.stopped_by is None
