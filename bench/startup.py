"""How long it takes until tailrace is there."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.child import run_child
from bench.part import Part
from bench.sizes import Sizes
from bench.table import Goal, markdown, median
from bench.world import environment, say

_GOAL = 3.0


def measure(work: Path, sizes: Sizes) -> Part:
    """Each program in turns, after one run that nobody counts."""
    say("startup: measuring")
    folder = work / "startup"
    folder.mkdir()
    env = environment(folder / "home")
    tailrace = str(Path(sys.executable).parent / "tailrace")
    programs = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "tailrace --version": [tailrace, "--version"],
        "tailrace --help": [tailrace, "--help"],
    }
    took: dict[str, list[float]] = {name: [] for name in programs}
    for run in range(sizes.startups + 1):
        for name, argv in programs.items():
            cost = run_child(argv, cwd=folder, env=env, log=folder / "log")
            if run > 0:
                took[name].append(1000 * cost.wall)
    medians = {name: median(figures) or 0.0 for name, figures in took.items()}
    base = medians["python -c pass"]
    rows = [
        (f"`{name}`", f"{figure:.1f}", f"{figure / base:.2f}", str(sizes.startups))
        for name, figure in medians.items()
    ]
    ratio = medians["tailrace --version"] / base
    text = f"`tailrace --version` takes at most {_GOAL:.0f} times `python -c pass`"
    goal = Goal(text, f"{ratio:.2f} times", ratio <= _GOAL)
    return Part(markdown(("program", "median, ms", "times", "runs"), rows), (goal,))
