"""A large fleet in which nothing has changed: the nightly proof."""

from __future__ import annotations

from pathlib import Path

from bench.child import Cost
from bench.part import Part
from bench.sizes import Sizes
from bench.table import Goal, markdown, median, seconds
from bench.world import BEFORE, World, say

_SIZE = 10_000
_CPU, _PEAK = 0.6, 150.0


def measure(work: Path, sizes: Sizes) -> Part:
    """``tailrace verify`` as a process of its own, several times."""
    size = sizes.unchanged
    say(f"unchanged: seeding {size} repositories")
    costs: list[Cost] = []
    with World(work / "unchanged", size) as world:
        world.check(BEFORE)
        for run in range(1, sizes.runs + 1):
            say(f"unchanged: run {run}")
            costs.append(world.tailrace("verify", BEFORE, "--fleet", str(world.fleet)))
    wall = median([cost.wall for cost in costs])
    cpu = median([cost.cpu for cost in costs]) or 0.0
    peak = median([cost.peak for cost in costs]) or 0.0
    each = 1000 * cpu / size
    row = (f"{size:,}", seconds(wall), seconds(cpu), f"{each:.3f}", f"{peak:.0f}", str(len(costs)))
    header = ("N", "wall, s", "client CPU, s", "CPU each, ms", "peak memory, MiB", "runs")
    full = size >= _SIZE
    goals = (
        Goal(
            f"{_CPU} ms of client CPU a repository",
            f"{each:.3f} ms",
            each <= _CPU if full else None,
        ),
        Goal(f"{_PEAK:.0f} MiB at most", f"{peak:.0f} MiB", peak <= _PEAK if full else None),
    )
    return Part(markdown(header, [row]), goals)
