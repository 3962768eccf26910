"""Whether a page of the index offers a release to the fleet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tailrace.index.base import IndexFile, Project
from tailrace.index.releases import files_of
from tailrace.wire import shown


@dataclass(frozen=True, slots=True)
class Offered:
    """The release is there; ``file`` is the one that a pip here would take."""

    file: IndexFile
    files: tuple[IndexFile, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The release is not on this page, which time may mend."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """The release is there and nobody's pip would take it, which no time mends."""

    reason: str


#: "py2.py3-none-any" has two.
_MOST_TAGS = 200

Offer: TypeAlias = Offered | Absent | Unusable


def offer(project: Project | None, version: str, pythons: Sequence[str]) -> Offer:
    """What the page means for a fleet that installs with ``pythons`` (``3.11`` or ``3.11.7``)."""
    if project is None:
        return Absent("the index has no such project yet")
    files = files_of(project, version)
    if not files:
        return Absent(f"{version} is not among its {len(project.files)} files yet")
    usable = tuple(file for file in files if not file.yanked)
    if not usable:
        why = next((file.yanked_reason for file in files if file.yanked_reason), "")
        return Unusable(f"is yanked{f' ({why})' if why else ''}")
    for python in pythons:
        if not any(_takes(file, python) for file in usable):
            wants = next(file.requires_python for file in usable if file.requires_python)
            return Unusable(f"requires Python {shown(wants, 60)}, and the fleet has {python}")
    # The file to check is one that the whole fleet takes, where there is one.
    taken = [file for file in usable if all(_takes(file, python) for python in pythons)]
    return Offered(_best(taken or usable), usable)


def _takes(file: IndexFile, python: str) -> bool:
    if not file.requires_python:
        return True
    try:
        wanted = SpecifierSet(file.requires_python)
    except InvalidSpecifier:
        # As pip, which ignores what it cannot read.
        return True
    # 3.11 stands for its newest patch release.
    exact = python if python.count(".") > 1 else f"{python}.999"
    return wanted.contains(exact, prereleases=True)


def _best(files: Sequence[IndexFile]) -> IndexFile:
    """A wheel that fits here, the best one first; else the source; else anything."""
    ranks = {tag: rank for rank, tag in enumerate(sys_tags())}

    def rank(file: IndexFile) -> tuple[int, int]:
        if not file.is_wheel:
            return 1, 0
        try:
            tags = parse_wheel_filename(_few_tags(file.filename))[3]
        except InvalidWheelFilename:
            return 2, 0
        fits = [ranks[tag] for tag in tags if tag in ranks]
        return (0, min(fits)) if fits else (2, 0)

    return min(files, key=rank)


def _few_tags(filename: str) -> str:
    """The name; raises for one whose tags multiply into more than any wheel has."""
    product = 1
    for part in filename.removesuffix(".whl").split("-")[-3:]:
        product *= part.count(".") + 1
    if product > _MOST_TAGS:
        raise InvalidWheelFilename("too many tags")
    return filename
