"""The source states the release's version while it is built, and is as it was afterwards."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tailrace.errors import ConfigurationError
from tailrace.model import FileKind, Pin, PinFile, Release
from tailrace.pins.places import Unreadable
from tailrace.pins.reading import rewritten
from tailrace.publish.checkout import git_folder


@contextmanager
def stating(source: Path, place: Pin | None, release: Release) -> Iterator[None]:
    """Within it, the source states the release's version; afterwards it is as it was."""
    if place is None:
        yield
        return
    path, original = _where(source, place)
    restore(source, place, release.package)
    try:
        before = path.read_bytes()
        after = _with(place, before, release.package, release.version)
    except (OSError, Unreadable) as error:
        raise ConfigurationError(
            f"{path}: {error}\n  next: correct `version-in` in [publish]"
        ) from error
    if after == before:
        yield
        return
    try:
        original.parent.mkdir(exist_ok=True)
        # Whole or not at all: a kill in the middle must not leave half of it to be put back.
        _write(original, before, path)
        _write(path, after, path)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be written: {error.strerror}"
            "\n  next: build from a copy that may be written"
        ) from error
    try:
        yield
    finally:
        # In place of a rename: the two may be on different file systems.
        _write(path, original.read_bytes(), original)
        original.unlink()


def restore(source: Path, place: Pin | None, package: str) -> None:
    """Put back what a run that was killed in the middle of a build left behind.

    Where somebody has edited the file since, their edit counts: only what differs in nothing but
    the version is put back. Raises `ConfigurationError`.
    """
    if place is None:
        return
    path, original = _where(source, place)
    try:
        if not original.exists():
            return
        before = original.read_bytes()
        if path.exists() and _same_but_version(place, before, path.read_bytes(), package):
            _write(path, before, original)
        original.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be put back as it was: {error.strerror}"
            f"\n  next: its text before the build is in {original}"
        ) from error


def _where(source: Path, place: Pin) -> tuple[Path, Path]:
    """The file, and where its original is kept meanwhile."""
    # Where a link leads: the link itself stays.
    path = (source / place.path).resolve()
    git = git_folder(source)
    if git is None:
        return path, path.with_name(f"{path.name}.tailrace-original")
    # Not beside it: backends such as hatchling would pack it into the sdist.
    name = hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()[:16]
    return path, git / "tailrace" / f"{name}-original"


def _same_but_version(place: Pin, left: bytes, right: bytes, package: str) -> bool:
    try:
        return _with(place, left, package, "0") == _with(place, right, package, "0")
    except Unreadable:
        return False


def _with(place: Pin, content: bytes, package: str, version: str) -> bytes:
    file = PinFile(FileKind.FILE, "", len(content), content)
    return rewritten([place], file, package, version)


def _write(path: Path, content: bytes, like: Path) -> None:
    beside = path.with_name(f"{path.name}.tailrace")
    beside.write_bytes(content)
    shutil.copymode(like, beside)
    beside.replace(path)
