"""Against the floor: how near a whole cascade comes to writing alone."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

from bench.child import run_child
from bench.part import Part
from bench.sizes import Sizes
from bench.table import Goal, markdown, median, seconds
from bench.world import AFTER, BEFORE, OWNER, PIN, World, say
from tailrace.forges.blobs import blob_sha
from tailrace.model import ForgeKind
from tailrace.settings import ForgeSettings

#: What a write costs on a real Gitea with two cores: five writes a second.
WRITE_COST, WRITERS = 0.4, 2
AT_ONCE = ForgeSettings(ForgeKind.GITEA, "").concurrency
_GOAL, _GOAL_SIZE = 1.10, 200
_ROOT = Path(__file__).parent.parent


def measure(work: Path, sizes: Sizes) -> Part:
    """Cascade and floor in turns; the goal is judged on the forge without latency."""
    rows: list[tuple[str, ...]] = []
    goals: list[Goal] = []
    cases = (
        (0.0, WRITE_COST, sizes.runs),
        (0.1, WRITE_COST, sizes.slow_runs),
        (0.0, 0.0, sizes.runs),
    )
    for number, (latency, cost, runs) in enumerate(cases):
        folder = work / f"floor-{number}"
        with World(folder, sizes.floor, latency=latency, write_cost=cost, writers=WRITERS) as world:
            floors, cascades = [], []
            for run in range(1, runs + 1):
                say(f"floor: latency {latency * 1000:.0f} ms, write cost {cost} s, run {run}")
                floors.append(_floor(world))
                cascades.append(world.cascade().wall)
        floor, cascade = median(floors), median(cascades)
        ratio = (cascade or 0.0) / floor if floor else 0.0
        rows.append(
            (
                str(sizes.floor),
                f"{latency * 1000:.0f} ms",
                f"{WRITERS / cost:g} writes/s" if cost else "no cost",
                seconds(floor),
                seconds(cascade),
                f"{ratio:.3f}",
                str(runs),
            )
        )
        if number == 0:
            met = ratio <= _GOAL if sizes.floor >= _GOAL_SIZE else None
            text = f"a whole cascade over {_GOAL_SIZE} takes at most {_GOAL:.2f} times the floor"
            goals.append(Goal(text, f"{ratio:.3f} at N = {sizes.floor}", met))
    header = ("N", "latency", "the forge does", "floor, s", "cascade, s", "times", "runs")
    note = "The floor's start and imports are not in its seconds; the cascade's are in its own."
    return Part(markdown(header, rows), tuple(goals), (note,))


def _floor(world: World) -> float:
    world.reset()
    api = f"{world.url}/api/v1/repos/{OWNER}"
    wanted = {
        "token": world.token,
        "at_once": AT_ONCE,
        "urls": [f"{api}/{name}/contents/{PIN}" for name in world.repositories],
        "body": {
            "content": base64.b64encode(f"{AFTER}\n".encode()).decode(),
            "message": f"Move the pin to {AFTER}",
            "branch": "main",
            "sha": blob_sha(f"{BEFORE}\n".encode()),
        },
    }
    file = world.folder / "puts.json"
    file.write_text(json.dumps(wanted))
    argv = [sys.executable, "-m", "bench.puts", str(file)]
    ran = run_child(argv, cwd=_ROOT, env=world.env, log=world.folder / "puts.log")
    world.check(AFTER)
    return float(ran.output)
