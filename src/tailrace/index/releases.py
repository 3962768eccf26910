"""Which releases an index has of a project. Pure."""

from __future__ import annotations

from packaging.version import Version

from tailrace.index.base import IndexFile, Project
from tailrace.versions import parse


def files_of(project: Project | None, version: str) -> tuple[IndexFile, ...]:
    """The files of one version, the yanked ones included."""
    wanted = parse(version)
    if project is None or wanted is None:
        return ()
    return tuple(file for file in project.files if parse(file.version) == wanted)


def base_for_bump(project: Project | None) -> str | None:
    """The release that the next one is counted from; None where there is none at all.

    The highest final or post-release by PEP 440's order over all files, the yanked ones included:
    a yanked number is used up. A pre-release counts only where there is nothing else.
    """
    if project is None:
        return None
    versions = {found for file in project.files if (found := parse(file.version)) is not None}
    # A local version (PEP 440, "+") is somebody's own build of a release, not a release.
    versions = {found for found in versions if found.local is None}
    final = {found for found in versions if not found.is_prerelease}
    chosen: set[Version] = final or versions
    return str(max(chosen)) if chosen else None
