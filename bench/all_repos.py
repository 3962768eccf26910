"""all-repos, set up and run as its readme says, in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.child import CannotMeasureError, Cost, run_child
from bench.floor import AT_ONCE
from bench.world import AFTER, OWNER, PIN, World, say

VERSION = "1.33.0"


@dataclass(frozen=True, slots=True)
class AllRepos:
    """The installed program."""

    bin: Path

    def clone(self, world: World) -> Cost:
        """``all-repos-clone`` into an empty folder."""
        shutil.rmtree(_output(world), ignore_errors=True)
        scheme, rest = world.url.split("://")
        with_token = f"{scheme}://sandbox:{world.token}@{rest}/{OWNER}"
        sources = {name: f"{with_token}/{name}.git" for name in world.repositories}
        (world.folder / "repos.json").write_text(json.dumps(sources))
        config = {
            "output_dir": str(_output(world)),
            "source": "all_repos.source.json_file",
            "source_settings": {"filename": str(world.folder / "repos.json")},
            "push": "all_repos.push.merge_to_master",
            "push_settings": {"fast_forward": True},
        }
        file = world.folder / "all-repos.json"
        file.write_text(json.dumps(config))
        # It refuses a file that others may read.
        file.chmod(0o600)
        return self._run(world, "all-repos-clone", "--jobs", str(AT_ONCE))

    def sed(self, world: World, jobs: int) -> Cost:
        """``all-repos-sed`` over the clones, with so many repositories at once."""
        expression = f"s/.*/{AFTER}/"
        return self._run(world, "all-repos-sed", "--jobs", str(jobs), expression, PIN)

    def _run(self, world: World, program: str, *arguments: str) -> Cost:
        argv = [str(self.bin / program), "-C", str(world.folder / "all-repos.json"), *arguments]
        log = world.folder / f"{program}.log"
        return run_child(argv, cwd=world.folder, env=world.env, log=log)


def _output(world: World) -> Path:
    return world.folder / "clones"


def install(work: Path) -> AllRepos:
    """Install it below ``work``. Raises `CannotMeasureError`."""
    say(f"rivals: installing all-repos {VERSION}")
    folder = work / "all-repos"
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for argv in ([sys.executable, "-m", "venv", str(folder)], [*pip, f"all-repos=={VERSION}"]):
        ran = subprocess.run(argv, capture_output=True, text=True, env=os.environ, check=False)
        if ran.returncode != 0:
            raise CannotMeasureError(f"all-repos cannot be installed\n  {ran.stderr[-300:]}")
    return AllRepos(folder / "bin")
