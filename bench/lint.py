"""The lint over 1,150 workflow files, beside zizmor on the same ones."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.child import Cost, run_child
from bench.part import Part
from bench.sizes import QUICK, Sizes
from bench.table import Goal, markdown, median, seconds
from bench.world import environment, say
from tailrace.model import ForgeKind
from tailrace.settings import Fleet, ForgeSettings, IndexSettings
from tailrace.workflows.render import Ci, Options, for_consumer, for_package

_FILES = 1_150
_GOAL_SECONDS, _GOAL_MIB = 2.0, 100


def measure(work: Path, sizes: Sizes) -> Part:
    """Both over one tree of generated workflows, every one with another name."""
    count = 100 if sizes is QUICK else _FILES
    root = work / "lint"
    _write(root, count)
    say(f"lint: {count} files")
    env = environment(work / "home")
    tailrace = Path(sys.executable).with_name("tailrace")
    runs = 1 if sizes is QUICK else 3
    log = work / "lint.log"

    def run(command: list[str]) -> list[Cost]:
        return [run_child(command, cwd=root, env=env, log=log) for _ in range(runs)]

    ours = run([str(tailrace), "lint", "--json"])
    rows = [_row("tailrace lint", count, ours)]
    zizmor = shutil.which("zizmor", path=env["PATH"])
    if zizmor is not None:
        paths = sorted(str(path.relative_to(root)) for path in root.rglob("*.yml"))
        command = [zizmor, "--offline", "--quiet", "--no-exit-codes", "--format=json-v1", *paths]
        rows.append(_row("zizmor", count, run(command)))
    wall = median([cost.wall for cost in ours]) or 0.0
    memory = max(cost.peak for cost in ours)
    judged = None if sizes is QUICK else True
    goals = (
        Goal(
            f"{_FILES} files in {_GOAL_SECONDS:g} s",
            f"{seconds(wall)} s",
            judged and wall <= _GOAL_SECONDS,
        ),
        Goal(f"{_GOAL_MIB} MiB", f"{memory:.0f} MiB", judged and memory <= _GOAL_MIB),
    )
    table = markdown(["what", "files", "wall, s", "memory, MiB", "runs"], rows)
    note = "The files are those that `tailrace init` generates, each with a name of its own."
    return Part(table, goals, (note,))


def _row(name: str, count: int, costs: list[Cost]) -> list[str]:
    wall = median([cost.wall for cost in costs])
    memory = max(cost.peak for cost in costs)
    return [name, str(count), seconds(wall), f"{memory:.0f}", str(len(costs))]


def _write(root: Path, count: int) -> None:
    folder = root / ".gitea" / "workflows"
    folder.mkdir(parents=True)
    fleet = Fleet(
        "p",
        ForgeSettings(ForgeKind.GITEA, "https://git.example.com", "o"),
        (),
        index=IndexSettings(),
    )
    options = Options(Ci.GITEA, url="https://git.example.com")
    texts = [one.text for one in for_package(fleet, options, Path("tailrace.toml"))]
    texts.append(for_consumer(options).text)
    for number in range(count):
        text = texts[number % len(texts)].replace("\nname: ", f"\nname: n{number}-", 1)
        (folder / f"w{number:04}.yml").write_text(text)
