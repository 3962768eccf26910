"""A sandbox as a process of its own, so that a client's processor time is the client's alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pygit2

from bench.child import CannotMeasureError, Cost, run_child

OWNER = "bench"
PACKAGE = "bench-runtime"
#: What every repository pins at first, and what it is moved to.
BEFORE, AFTER = "1.0.0", "1.0.1"
PIN = ".runtime-version"
BRANCH = "refs/heads/main"
#: Seconds that seeding may take; 10,000 repositories take about 40.
_PATIENCE = 600
_BIN = Path(sys.executable).parent


def say(text: str) -> None:
    """Tell people on standard error what takes so long."""
    print(text, file=sys.stderr, flush=True)


def environment(home: Path) -> dict[str, str]:
    """What every measured program gets: no settings of this machine's user, no proxy."""
    home.mkdir(exist_ok=True)
    config = home / "gitconfig"
    if not config.exists():
        config.write_text("[user]\n\tname = Bench\n\temail = bench@example.test\n")
    kept = {key: os.environ[key] for key in ("LANG", "VIRTUAL_ENV") if key in os.environ}
    return {
        **kept,
        "PATH": f"{_BIN}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "HOME": str(home),
        # What a program leaves behind goes with everything else.
        "TMPDIR": str(home),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "NO_PROXY": "127.0.0.1",
    }


class World:
    """``with World(folder, 200) as world``: so many equal repositories on a forge of their own."""

    def __init__(
        self,
        folder: Path,
        count: int,
        *,
        latency: float = 0.0,
        write_cost: float = 0.0,
        writers: int = 1,
    ) -> None:
        self.folder = folder
        self.repositories = [f"d{number:05}" for number in range(count)]
        self.url = ""
        self.token = ""
        self.env: dict[str, str] = {}
        self._data = folder / "forge"
        self._ready = folder / "ready"
        self._argv = [str(_BIN / "tailrace"), "sandbox", "--port", "0", "--many", str(count)]
        self._argv += ["--data", str(self._data), "--ready-file", str(self._ready)]
        self._argv += ["--fleet", str(folder / "fleet.json")]
        self._argv += ["--write-cost", str(write_cost), "--writers", str(writers)]
        if latency:
            self._argv += ["--fault", f"latency={latency}"]
        self._first = ""

    @property
    def fleet(self) -> Path:
        """The fleet file, with `branch` in it."""
        return self.folder / "branch.toml"

    @property
    def bare_fleet(self) -> Path:
        """The fleet file as the sandbox writes it: the forge is asked for each branch."""
        return self._data / "tailrace.toml"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.env = environment(self.folder / "home")
        seed = {"package": PACKAGE, "owner": OWNER, "release": BEFORE, "downstreams": []}
        (self.folder / "fleet.json").write_text(json.dumps(seed))
        with (self.folder / "sandbox.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait()
            self.token = (self._data / "token").read_text().strip()
            self.env["TAILRACE_TOKEN"] = self.token
            text = self.bare_fleet.read_text()
            self.fleet.write_text(
                text.replace("[discovery]", '[defaults]\nbranch = "main"\n\n[discovery]', 1)
            )
            self._first = str(self._git(self.repositories[0]).references[BRANCH].target)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while not (self._ready.exists() and (url := self._ready.read_text().strip())):
            if self._process.poll() is not None or time.monotonic() > until:
                log = (self.folder / "sandbox.log").read_text()
                raise CannotMeasureError(f"the sandbox does not answer\n  {log}")
            time.sleep(0.02)
        self.url = url

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def bare(self, repository: str) -> Path:
        """The folder of a bare repository."""
        return self._data / "repositories" / OWNER / f"{repository}.git"

    def _git(self, repository: str) -> pygit2.Repository:
        return pygit2.Repository(str(self.bare(repository)))

    def reset(self) -> None:
        """Every repository as it was seeded."""
        for name in self.repositories:
            git = self._git(name)
            git.references[BRANCH].set_target(self._first)
            git.free()

    def check(self, version: str) -> None:
        """Raises `CannotMeasureError` unless git itself says that every pin is ``version``."""
        for name in self.repositories:
            argv = ["git", "-C", str(self.bare(name)), "cat-file", "blob", f"{BRANCH}:{PIN}"]
            ran = subprocess.run(argv, capture_output=True, env=self.env, check=False)
            if ran.returncode != 0 or ran.stdout != f"{version}\n".encode():
                raise CannotMeasureError(f"{name}: has {ran.stdout[:40]!r}, not {version}")

    def tailrace(self, *arguments: str) -> Cost:
        """``tailrace ARGUMENTS`` as a process of its own."""
        argv = [str(_BIN / "tailrace"), *arguments]
        return run_child(argv, cwd=self.folder, env=self.env, log=self.folder / "tailrace.log")

    def cascade(self, fleet: Path | None = None) -> Cost:
        """A whole cascade over the fleet as it was seeded, proven."""
        self.reset()
        cost = self.tailrace("cascade", AFTER, "--fleet", str(fleet or self.fleet))
        self.check(AFTER)
        return cost
