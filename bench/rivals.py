"""Against what people do today: a shell script, and all-repos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import all_repos
from bench.all_repos import AllRepos
from bench.child import run_child
from bench.floor import AT_ONCE
from bench.part import Part
from bench.sizes import Sizes
from bench.table import Goal, markdown, median, seconds, times
from bench.world import AFTER, OWNER, World, say

_SCRIPT = Path(__file__).parent / "by_hand.sh"
_GOAL, _GOAL_SIZE, _GOAL_LATENCY = 20.0, 200, 0.1
NAMES = ("the script", "all-repos", f"all-repos, {AT_ONCE} jobs", "its clones at hand")
#: The last one is shown, but no goal: on a fresh runner there are no clones.
_JUDGED = NAMES[:3]


@dataclass(frozen=True, slots=True)
class Cell:
    """One fleet at one latency."""

    size: int
    latency: float
    tailrace: float
    #: In the order of `NAMES`.
    rivals: tuple[float, ...]
    runs: int
    rival_runs: int


def measure(work: Path, sizes: Sizes) -> Part:
    """Every fleet at every latency, all of them on the same sandbox."""
    installed = all_repos.install(work)
    cells: list[Cell] = []
    for size in sizes.fleets:
        for latency in sizes.latencies:
            cells.append(_cell(work, installed, sizes, size, latency))
            say("rivals: " + " | ".join(_row(cells[-1])))
    header = ("N", "latency", "tailrace, s", *(f"{name}, s" for name in NAMES), "runs")
    note = (
        f"`all-repos` is as it comes: `all-repos-clone` with {AT_ONCE} jobs, `all-repos-sed` with"
        f" one. `{NAMES[3]}` is `all-repos-sed` with {AT_ONCE} jobs alone, over clones that were"
        " made just before: shown, but not judged."
    )
    return Part(markdown(header, [_row(cell) for cell in cells]), goals(cells), (note,))


def measure_far(work: Path, sizes: Sizes) -> Part:
    """The fleet and the latency that the goals are about, alone: the whole table takes long."""
    far = replace(sizes, fleets=(_GOAL_SIZE,), latencies=(_GOAL_LATENCY,))
    return measure(work, far)


def _cell(work: Path, installed: AllRepos, sizes: Sizes, size: int, latency: float) -> Cell:
    runs = sizes.slow_runs if size >= sizes.many else sizes.runs
    label = f"rivals: N = {size}, {latency * 1000:.0f} ms"
    with World(work / f"rivals-{size}-{latency}", size, latency=latency) as world:
        ours = []
        for run in range(1, sizes.runs + 1):
            say(f"{label}: tailrace, run {run}")
            ours.append(world.cascade().wall)
        rivals = [_rivals(world, installed, f"{label}, run {run}") for run in range(1, runs + 1)]
    medians = tuple(median([run[number] for run in rivals]) or 0.0 for number in range(len(NAMES)))
    return Cell(size, latency, median(ours) or 0.0, medians, sizes.runs, runs)


def _rivals(world: World, installed: AllRepos, label: str) -> tuple[float, ...]:
    """Seconds of each rival in the order of `NAMES`, each proven."""
    say(f"{label}: the script")
    argv = [str(_SCRIPT), world.url, OWNER, AFTER, *world.repositories]
    log = world.folder / "by-hand.log"
    script = _proven(world, lambda: run_child(argv, cwd=world.folder, env=world.env, log=log).wall)
    say(f"{label}: all-repos")
    clones, seds = [], []
    for jobs in (1, AT_ONCE):
        # Reset before the clone, so that what is cloned is what is to be changed.
        world.reset()
        clones.append(installed.clone(world).wall)
        seds.append(_proven(world, lambda jobs=jobs: installed.sed(world, jobs).wall))  # type: ignore[misc]
    return script, clones[0] + seds[0], clones[1] + seds[1], seds[1]


def _proven(world: World, run: Callable[[], float]) -> float:
    world.reset()
    took = run()
    world.check(AFTER)
    return took


def _row(cell: Cell) -> Sequence[str]:
    against = (f"{seconds(one)} ({times(one, cell.tailrace)})" for one in cell.rivals)
    runs = (
        str(cell.runs) if cell.runs == cell.rival_runs else f"{cell.runs}, rivals {cell.rival_runs}"
    )
    latency = f"{cell.latency * 1000:.0f} ms"
    return (str(cell.size), latency, seconds(cell.tailrace), *against, runs)


def goals(cells: Sequence[Cell]) -> tuple[Goal, ...]:
    """Ahead everywhere, and far ahead where it matters most."""
    behind = [
        f"{name} at N = {cell.size}, {cell.latency * 1000:.0f} ms"
        for cell in cells
        for name, took in zip(_JUDGED, cell.rivals, strict=False)
        if took <= cell.tailrace
    ]
    said = f"behind {', '.join(behind)}" if behind else f"ahead in all {len(cells)} rows"
    found = [Goal("ahead of every rival at every N and latency", said, not behind)]
    for cell in cells:
        if (cell.size, cell.latency) == (_GOAL_SIZE, _GOAL_LATENCY):
            for name, took in zip(_JUDGED, cell.rivals, strict=False):
                where = f"at {_GOAL_LATENCY * 1000:.0f} ms and N = {_GOAL_SIZE}"
                text = f"{_GOAL:.0f} times as fast as {name} {where}"
                ratio = took / cell.tailrace
                found.append(Goal(text, times(took, cell.tailrace), ratio >= _GOAL))
    return tuple(found)
