"""Whether a wheel does anything: installed in a clean environment, imported, run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.publish.artifact import Artifact
from tailrace.publish.command import Done, run
from tailrace.settings import Smoke
from tailrace.versions import parse

_INSTALL = 600.0
#: What would lead Python or pip out of the clean environment.
_NOT_KEPT = ("PYTHON", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
#: Runs in the clean environment: it must not need anything but the standard library.
_SCRIPT = """
import importlib, importlib.metadata, json, sys
wanted = json.loads(sys.argv[1])
for name in wanted["modules"]:
    importlib.import_module(name)
points = {p.name: p for p in importlib.metadata.distribution(wanted["package"]).entry_points}
for name in wanted["entry_points"]:
    if name not in points:
        sys.exit("no entry point %r; there are: %s" % (name, ", ".join(sorted(points)) or "none"))
    points[name].load()
"""


async def smoke(wheel: Artifact, settings: Smoke, *, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Install ``wheel`` in a clean environment and try it; what was tried.

    Raises `NotPublished` with what failed. Dependencies come from where pip is configured to look.
    """
    modules = settings.modules or (() if settings.entry_points else wheel.modules)
    if not modules and not settings.entry_points and not settings.command:
        raise ConfigurationError(
            f"{wheel.path.name}: has no module at its top level, so nothing would be tried"
            "\n  next: set `modules`, `entry-points` or `command` in [publish.smoke]"
        )
    with tempfile.TemporaryDirectory(prefix="tailrace-smoke-") as folder:
        work = Path(folder)
        python, clean = await clean_environment(work / "venv", environ)
        await _install(python, wheel, clean)
        asked = {"package": wheel.name, "modules": modules, "entry_points": settings.entry_points}
        command: list[str | Path] = [python, "-I", "-c", _SCRIPT, json.dumps(asked)]
        # From an empty folder: the source beside it must not be what is imported.
        empty = work / "empty"
        empty.mkdir()
        done = await run(command, timeout=settings.timeout, cwd=empty, environ=clean)
        if done.code != 0:
            names = ", ".join((*modules, *settings.entry_points))
            raise _failed(wheel, f"cannot be imported: {names}", done)
        if settings.command:
            done = await _command(settings, empty, clean)
            if done.code != 0:
                said = f"`{' '.join(settings.command)}` ended with {done.code}"
                raise _failed(wheel, said, done)
    tried = [f"import {name}" for name in modules]
    tried += [f"entry point {name}" for name in settings.entry_points]
    return (*tried, *([" ".join(settings.command)] if settings.command else ()))


async def clean_environment(
    folder: Path, environ: Mapping[str, str]
) -> tuple[Path, dict[str, str]]:
    """A new virtual environment: its Python, and variables that lead nowhere else."""
    kept = {key: value for key, value in environ.items() if not key.startswith(_NOT_KEPT)}
    command: list[str | Path] = [sys.executable, "-I", "-m", "venv"]
    # With ours that takes a fifth of the time, and nothing is there that was not asked for.
    command += ["--without-pip", folder] if _our_pip() else [folder]
    done = await run(command, timeout=_INSTALL, environ=kept)
    if done.code != 0:
        raise ConfigurationError(
            f"cannot make a virtual environment:\n{done.tail()}"
            "\n  next: on Debian: apt-get install python3-venv"
        )
    binaries = folder / "bin"
    path = os.pathsep.join([str(binaries), environ.get("PATH", os.defpath)])
    clean = {**kept, "PATH": path, "VIRTUAL_ENV": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return binaries / "python", clean


def _our_pip() -> bool:
    """Whether the pip beside us can install for another Python (pip 22.3)."""
    try:
        found = parse(importlib.metadata.version("pip"))
    except importlib.metadata.PackageNotFoundError:
        return False
    return found is not None and found.release >= (22, 3)


async def _command(settings: Smoke, folder: Path, clean: Mapping[str, str]) -> Done:
    name, *arguments = settings.command
    program = shutil.which(name, path=clean["PATH"])
    if program is None:
        return Done(127, f"{name}: not found")
    return await run([program, *arguments], timeout=settings.timeout, cwd=folder, environ=clean)


async def _install(python: Path, wheel: Artifact, clean: Mapping[str, str]) -> None:
    command: list[str | Path] = [python, "-I", "-m", "pip"]
    if _our_pip():
        command = [sys.executable, "-I", "-m", "pip", "--python", python]
    command += ["install", "--quiet", "--no-input", wheel.path]
    done = await run(command, timeout=_INSTALL, environ=clean)
    if done.code != 0:
        raise _failed(wheel, "cannot be installed in a clean environment", done)


def _failed(wheel: Artifact, fact: str, done: Done) -> NotPublished:
    return NotPublished(
        f"{wheel.path.name}: {fact}\n{done.tail()}\n  next: mend the package; nothing was uploaded"
    )
