"""``scripts/bench``: measures, and writes the figures into the page."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import adaptive, calls, chaos, floor, lint, machine, profile, rivals, startup, unchanged
from bench.child import CannotMeasureError
from bench.part import Part
from bench.sizes import FULL, QUICK, USUAL, Sizes
from bench.table import replaced, section
from bench.world import say

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"

#: The quick ones first: they need a machine that has not warmed up.
PARTS: dict[str, Callable[[Path, Sizes], Part]] = {
    "startup": startup.measure,
    "chaos": chaos.measure,
    "lint": lint.measure,
    "calls": calls.measure,
    "adaptive": adaptive.measure,
    "floor": floor.measure,
    "unchanged": unchanged.measure,
    "far": rivals.measure_far,
    "rivals": rivals.measure,
}


def main(argv: list[str]) -> int:
    """Measure one part or all of them: 0, 1 where chaos found a mistake, 3 where one could not."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("part", nargs="?", default="all", choices=["all", *PARTS, "profile"])
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="small fleets, one run; the page stays as it is"
    )
    size.add_argument("--full", action="store_true", help="more runs, also of what takes minutes")
    asked = parser.parse_args(argv)
    sizes = QUICK if asked.quick else FULL if asked.full else USUAL
    # So that the folder goes and the sandbox ends as well where this is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="tailrace-bench-") as folder:
        if asked.part == "profile":
            profile.show(Path(folder), sizes)
            return 0
        names = list(PARTS) if asked.part == "all" else [asked.part]
        command = " ".join(["scripts/bench", *argv])
        return _measure(names, command, Path(folder), sizes, write=not asked.quick)


def _measure(names: list[str], command: str, work: Path, sizes: Sizes, *, write: bool) -> int:
    status = 0
    _show("machine", machine.described(ROOT), write=write)
    for name in names:
        load = machine.Load()
        now = datetime.now(UTC)
        try:
            part = PARTS[name](work, sizes)
        except CannotMeasureError as error:
            say(f"{name}: could not be measured: {error}")
            status = 3
            continue
        if name == "chaos" and not all(goal.met for goal in part.goals):
            status = 1
        at = f"{now:%Y-%m-%d %H:%M} UTC, commit {machine.commit(ROOT)}"
        facts = f"`{command}`, {at}, {load.said()}."
        _show(name, section(facts, part.table, part.goals, part.notes), write=write)
    return status


def _show(name: str, text: str, *, write: bool) -> None:
    print(f"\n## {name}\n\n{text}", flush=True)
    if write:
        PAGE.write_text(replaced(PAGE.read_text(), name, text))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
