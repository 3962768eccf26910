"""Wheel and source distribution, built in isolation (PEP 517, PyPA's `build`)."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.model import FileKind, Pin, PinFile, PinFormat, Release
from tailrace.pins.places import Unreadable
from tailrace.pins.reading import rewritten
from tailrace.publish.artifact import Artifact, check_is_release, read_artifact
from tailrace.publish.command import run
from tailrace.settings import PublishSettings

_PYPROJECT_LIMIT = 1024 * 1024
_SUFFIXES = (".whl", ".tar.gz")


async def build(
    settings: PublishSettings,
    release: Release,
    into: Path,
    *,
    environ: Mapping[str, str],
    commit_time: int | None,
) -> tuple[Artifact, ...]:
    """The wheel and the sdist of ``release``, in ``into``.

    The build is told the version by the variables that setuptools-scm, hatch-vcs and PDM read,
    and by the source where that states it. Raises `NotPublished` where it fails or makes another.
    """
    source = Path(settings.source)
    place = _place(source, settings.version_in)
    # -P: a build.py where this runs is not the program that is meant.
    command: list[str | Path] = [sys.executable, "-P", "-m", "build", "--outdir", into, source]
    if shutil.which("uv", path=environ.get("PATH")):
        command[4:4] = ["--installer", "uv"]
    with _alone_in(source, release), _stating(source, place, release):
        done = await run(
            command,
            timeout=settings.timeout,
            environ={**environ, **_told(release, commit_time)},
        )
    if done.code != 0:
        raise NotPublished(
            f"{release}: the build failed\n{done.tail()}"
            f"\n  next: try it by hand: python -m build {source}"
        )
    made = _made(into)
    artifacts = tuple(read_artifact(path) for path in made)
    kinds = sorted(artifact.is_wheel for artifact in artifacts)
    if kinds != [False, True]:
        names = ", ".join(path.name for path in made) or "nothing"
        raise NotPublished(
            f"{release}: the build made {names}, not one wheel and one sdist"
            "\n  next: look at the build backend's configuration"
        )
    for artifact in artifacts:
        check_is_release(artifact, release)
    return artifacts


def _made(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))


def _told(release: Release, commit_time: int | None) -> dict[str, str]:
    told = {
        "SETUPTOOLS_SCM_PRETEND_VERSION": release.version,
        "PDM_BUILD_SCM_VERSION": release.version,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    if commit_time is not None:
        # reproducible-builds.org/specs/source-date-epoch: the same commit gives the same bytes.
        told["SOURCE_DATE_EPOCH"] = str(commit_time)
    return told


def _place(source: Path, version_in: Pin | None) -> Pin | None:
    """Where the source states its version; None where the build knows it by other means."""
    pyproject = source / "pyproject.toml"
    try:
        with pyproject.open("rb") as file:
            loaded = tomllib.loads(file.read(_PYPROJECT_LIMIT).decode())
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{source}: has no pyproject.toml, so it names no build backend"
            "\n  next: add one with [build-system], or correct `source` in [publish]"
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{pyproject}: cannot be read as TOML: {error}") from error
    system = loaded.get("build-system")
    if not isinstance(system, dict) or "build-backend" not in system:
        raise ConfigurationError(
            f"{pyproject}: names no build backend"
            "\n  next: add [build-system] with requires and build-backend (PEP 518)"
        )
    project = loaded.get("project")
    if version_in is None and isinstance(project, dict) and isinstance(project.get("version"), str):
        return Pin("pyproject.toml", PinFormat.TOML, "project.version")
    return version_in


@contextmanager
def _alone_in(source: Path, release: Release) -> Iterator[None]:
    """Within it, no other tailrace builds in this folder: it would restore what we state."""
    folder = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NotPublished(
            f"{release}: another run builds in this folder right now\n  {source}"
            "\n  next: run this again when it has ended"
        ) from error
    except OSError:
        # A file system that knows no locks.
        pass
    try:
        yield
    finally:
        os.close(folder)


@contextmanager
def _stating(source: Path, place: Pin | None, release: Release) -> Iterator[None]:
    """Within it, the source states the release's version; afterwards it is as it was."""
    if place is None:
        yield
        return
    # Where a link leads: the link itself stays.
    path = (source / place.path).resolve()
    original = path.with_name(f"{path.name}.tailrace-original")
    try:
        if original.exists():
            # A run that was killed in the middle left it: that is how the source was.
            original.replace(path)
        before = path.read_bytes()
        file = PinFile(FileKind.FILE, "", len(before), before)
        after = rewritten([place], file, release.package, release.version)
    except (OSError, Unreadable) as error:
        raise ConfigurationError(
            f"{path}: {error}\n  next: correct `version-in` in [publish]"
        ) from error
    if after == before:
        yield
        return
    try:
        original.write_bytes(before)
        shutil.copymode(path, original)
        _replace(path, after)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be written: {error.strerror}"
            "\n  next: build from a copy that may be written"
        ) from error
    try:
        yield
    finally:
        original.replace(path)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f"{path.name}.tailrace")
    beside.write_bytes(content)
    shutil.copymode(path, beside)
    beside.replace(path)
