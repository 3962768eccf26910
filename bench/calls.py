"""Calls to the forge for each repository, as the forge counts them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.counted import check_pins, run_counted, seeded
from bench.part import Part
from bench.sizes import Sizes
from bench.table import Goal, markdown
from bench.world import AFTER, BEFORE, say
from tailrace.cascade.sweep import LAG
from tailrace.sandbox.server import SandboxServer

_WRITES = ("PUT", "POST", "PATCH", "DELETE")


def measure(work: Path, sizes: Sizes) -> Part:
    """The calls of a cascade that writes, and of one that finds nothing to do."""
    say("calls: counting")
    folder = work / "calls"
    folder.mkdir()
    return asyncio.run(_count(folder, sizes))


async def _count(folder: Path, sizes: Sizes) -> Part:
    size = sizes.calls
    rows: list[tuple[str, ...]] = []
    goals: list[Goal] = []
    for named, text in ((True, "yes"), (False, "no")):
        async with SandboxServer(folder / f"branch-{text}") as server:
            fleet = str(seeded(server, size, BEFORE, branch=named))
            written = await run_counted(server, "cascade", AFTER, "--fleet", fleet)
            check_pins(server, size)
            kept = await run_counted(server, "cascade", AFTER, "--fleet", fleet)
            verified = await run_counted(server, "verify", AFTER, "--fleet", fleet)
        before, after = _most(written.calls)
        rows += [
            ("cascade, a pin to write", text, str(before), str(after)),
            ("cascade, converged", text, str(sum(_most(kept.calls))), "-"),
            ("verify, converged", text, str(sum(_most(verified.calls))), "-"),
        ]
        if named:
            most = max(sum(_most(kept.calls)), sum(_most(verified.calls)))
            goals.append(
                Goal("at most 1 call where `branch` is set and converged", f"{most}", most <= 1)
            )
        said = f"{before} and {after}, `branch` set: {text}"
        goals.append(
            Goal("at most 4 calls for a write, 1 to read it back", said, before <= 4 and after <= 1)
        )
    sweep = await _sweep(folder / "sweep", sizes.watched)
    bound = sizes.watched / 50 + 2
    said = f"{sweep} for {sizes.watched}"
    goals.append(Goal("a sweep of `watch` at most N/50 + 2 calls", said, sweep <= bound))
    header = ("what", "`branch` set", "calls up to the write", "calls after it")
    note = f"The most of any of {size} repositories; the sweep is one in which nothing has changed."
    return Part(markdown(header, rows), tuple(goals), (note,))


async def _sweep(folder: Path, size: int) -> int:
    """The calls of one more sweep."""
    totals = []
    async with SandboxServer(folder) as server:
        fleet = str(seeded(server, size, AFTER))
        # The first run only ages them: what is as young as a listing may lag is read to be sure.
        for sweeps in ("2", "2", "3"):
            often = ("--every", f"{LAG + 1:.0f}s", "--sweeps", sweeps)
            ran = await run_counted(server, "watch", AFTER, "--fleet", fleet, *often)
            totals.append(len(ran.calls))
    return totals[2] - totals[1]


def _most(calls: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """The most calls of any repository up to its write, and after it."""
    of: defaultdict[str, list[str]] = defaultdict(list)
    for method, line in calls:
        of["/".join(line.split("?")[0].split("/")[:6])].append(method)
    split = []
    for methods in of.values():
        writes = [at for at, method in enumerate(methods, 1) if method in _WRITES]
        upto = writes[-1] if writes else len(methods)
        split.append((upto, len(methods) - upto))
    return max(upto for upto, _ in split), max(after for _, after in split)
