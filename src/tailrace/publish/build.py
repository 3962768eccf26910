"""Wheel and source distribution, built in isolation (PEP 517, PyPA's `build`)."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.model import Pin, PinFormat, Release
from tailrace.publish.alone import alone_in
from tailrace.publish.artifact import Artifact, check_is_release, read_artifact
from tailrace.publish.command import run
from tailrace.publish.sdist import settle
from tailrace.publish.stating import stating
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
    place = place_of(settings)
    # -P: a build.py where this runs is not the program that is meant.
    command: list[str | Path] = [sys.executable, "-P", "-m", "build", "--outdir", into, source]
    if shutil.which("uv", path=environ.get("PATH")):
        command[4:4] = ["--installer", "uv"]
    with alone_in(source, release, "builds in"), stating(source, place, release):
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
    for path in made:
        if commit_time is not None and path.name.endswith(".tar.gz"):
            settle(path, commit_time)
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


def place_of(settings: PublishSettings) -> Pin | None:
    """Where the source states its version; None where the build knows it by other means.

    Raises `ConfigurationError` for a source without a build backend.
    """
    source = Path(settings.source)
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
    if settings.version_in is not None:
        return settings.version_in
    # Poetry's own table, where [project] leaves the version to it or is not there.
    for key in ("project.version", "tool.poetry.version"):
        found: object = loaded
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, str):
            return Pin("pyproject.toml", PinFormat.TOML, key)
    return None
