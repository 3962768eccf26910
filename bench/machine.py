"""The machine that measures, and how much of it others use meanwhile."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.table import markdown

_TICK = os.sysconf("SC_CLK_TCK")


def described(root: Path) -> str:
    """The machine and the versions, as a table."""
    rows = [
        ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("tailrace", f"commit {commit(root)}"),
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release().split('-')[0]}"),
        ("Python", platform.python_version()),
        ("aiohttp", importlib.metadata.version("aiohttp")),
        ("git", _said("git", "--version").removeprefix("git version ")),
        ("curl", (_said("curl", "--version").split() or ["", "none"])[1]),
    ]
    return markdown(("what", "which"), rows)


def commit(root: Path) -> str:
    """The commit that is measured, and whether the code differs from it."""
    head = _said("git", "-C", str(root), "rev-parse", "--short", "HEAD")
    code = ("src", "bench", "requirements")
    changed = _said("git", "-C", str(root), "status", "--porcelain", "--", *code)
    return f"{head or 'unknown'}{', changed since' if changed else ''}"


class Load:
    """What others do to this machine from now on."""

    def __init__(self) -> None:
        self.before = os.getloadavg()[0]
        self._at = time.monotonic()
        self._busy = _busy()
        self._ours = _ours()

    def said(self) -> str:
        """The load average at the beginning, and the share of the processors that others had.

        To be asked once every child of ours has ended: only then is what it used known.
        """
        text = f"load average before {self.before:.2f}"
        busy = _busy()
        if busy is None or self._busy is None:
            return text
        others = max(0.0, busy - self._busy - (_ours() - self._ours))
        share = others / ((time.monotonic() - self._at) * (os.cpu_count() or 1))
        return f"{text}, other programs meanwhile {share:.0%} of the processors"


def _busy() -> float | None:
    """Seconds that all processors worked since the machine's start."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, _steal = (int(field) for field in fields)
    return (user + nice + system + irq + softirq) / _TICK


def _ours() -> float:
    """Seconds that this process and its ended children worked."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, kinds))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _said(*argv: str) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
