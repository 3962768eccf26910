"""How concurrency adapts to forges that take different numbers of calls at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.counted import check_pins, run_counted, seeded
from bench.part import Part
from bench.sizes import Sizes
from bench.table import markdown, median, seconds
from bench.world import AFTER, BEFORE, say
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.server import SandboxServer

#: How many calls at once a forge takes before it answers 429; None: as many as come.
_ALLOWED: tuple[int | None, ...] = (2, 4, 8, 16, None)
_LATENCY = 0.05


def measure(work: Path, sizes: Sizes) -> Part:
    """A cascade that knows nothing beside one whose `concurrency` is what the forge takes."""
    folder = work / "adaptive"
    folder.mkdir()
    rows = [_row(folder / str(allowed), allowed, sizes) for allowed in _ALLOWED]
    header = ("the forge takes at once", "told, s", "adapting, s", "calls", "turned away", "runs")
    note = (
        f"{sizes.throttled} repositories, {_LATENCY * 1000:.0f} ms of latency; above its number the"
        " forge answers 429 with `Retry-After: 0`. `told`: `concurrency` in the fleet file is that"
        " number; `adapting`: it is as it comes. `calls` and `turned away` are of the last run of"
        " `adapting`; every run converged."
    )
    return Part(markdown(header, rows), (), (note,))


def _row(folder: Path, allowed: int | None, sizes: Sizes) -> tuple[str, ...]:
    told, adapting, calls, away = [], [], 0, 0
    for run in range(1, sizes.runs + 1):
        say(f"adaptive: {allowed or 'any number'} at once, run {run}")
        if allowed is not None:
            told.append(asyncio.run(_ran(folder / f"told-{run}", allowed, sizes, allowed))[0])
        took, calls, away = asyncio.run(_ran(folder / f"own-{run}", allowed, sizes, None))
        adapting.append(took)
    return (
        str(allowed) if allowed else "any number",
        seconds(median(told)),
        seconds(median(adapting)),
        str(calls),
        str(away),
        str(sizes.runs),
    )


async def _ran(
    folder: Path, allowed: int | None, sizes: Sizes, told: int | None
) -> tuple[float, int, int]:
    """Seconds, calls, and how many of them were turned away."""
    faults = [Fault.parse(f"latency={_LATENCY}")]
    if allowed is not None:
        faults.append(Fault.parse(f"throttle={allowed},retry-after=0"))
    async with SandboxServer(folder, faults=faults) as server:
        fleet = seeded(server, sizes.throttled, BEFORE)
        if told is not None:
            text = fleet.read_text().replace("[forge]\n", f"[forge]\nconcurrency = {told}\n", 1)
            fleet.write_text(text)
        ran = await run_counted(server, "cascade", AFTER, "--fleet", str(fleet))
        check_pins(server, sizes.throttled)
        return ran.wall, len(ran.calls), server.throttled
