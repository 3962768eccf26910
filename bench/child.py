"""One program as a process of its own: how long it took, and what it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class CannotMeasureError(Exception):
    """A figure could not be had; the text says why."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    #: Seconds from its start to its end.
    wall: float
    #: Seconds of processor time, its own children's included.
    cpu: float
    #: The most memory that it, or one of its children, had at once, in MiB.
    peak: float
    #: What it printed.
    output: str


def run_child(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Cost:
    """Run a program to its end. Raises `CannotMeasureError` where it does not end with 0."""
    started = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            # Not process.wait(): only wait4 says what this one process cost.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    output = log.read_text(errors="replace")
    if process.returncode != 0:
        tail = "\n  ".join(output.splitlines()[-5:])
        shown = " ".join(argv)[:120]
        raise CannotMeasureError(f"{shown}: ended with {process.returncode}\n  {tail}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)
