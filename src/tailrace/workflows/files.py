"""Generated workflows on disk: written where nothing of a person's stands, and checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tailrace.errors import ConfigurationError
from tailrace.fleet.bounded import read_bounded
from tailrace.workflows.render import MARK, Ci, Generated, digest, split

_LIMIT = 1024 * 1024


class FileState(StrEnum):
    """How a generated file stands."""

    AS_WRITTEN = "as-written"
    #: Somebody changed it by hand.
    EDITED = "edited"
    #: It would be written differently now: another fleet file, or another tailrace.
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Checked:
    """One generated file, and what to do about it."""

    path: str
    state: FileState
    #: The command that writes it.
    command: str

    @property
    def next_step(self) -> str:
        """Empty where nothing is to be done."""
        if self.state is FileState.AS_WRITTEN:
            return ""
        if self.state is FileState.EDITED:
            return f"take the edits back, or delete it, then: tailrace init {self.command}"
        return f"tailrace init {self.command}"


def write(root: Path, files: Sequence[Generated]) -> tuple[str, ...]:
    """Write each file below ``root``; the paths. Nothing is written where one is a person's."""
    for file in files:
        path = root / file.path
        if path.exists() and not _is_untouched(path):
            raise ConfigurationError(
                f"{path}: is there, and was not written by tailrace or was edited since"
                "\n  next: move it away, then run this again"
            )
    for file in files:
        path = root / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.tailrace")
            beside.write_text(file.text, encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error
    return tuple(file.path for file in files)


def _is_untouched(path: Path) -> bool:
    parts = split(_text(path))
    return parts is not None and digest(parts[2]) == parts[1]


def check(root: Path, again: Callable[[str], Sequence[Generated]]) -> tuple[Checked, ...]:
    """Every generated file below ``root``, held against what ``again`` writes for its command.

    Raises `ConfigurationError` where there is none: a check of nothing is no check.
    """
    found: dict[str, Checked] = {}
    commands: dict[str, None] = {}
    for ci in Ci:
        folder = root / ci.folder
        for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
            text = _text(path)
            if text.startswith(MARK):
                checked = _checked(path.relative_to(root).as_posix(), text, again)
                found[checked.path] = checked
                commands[checked.command] = None
    for command in commands:
        for file in again(command):
            # One that was taken away, or has lost its first line, was edited as well.
            found.setdefault(file.path, Checked(file.path, FileState.EDITED, command))
    if not found:
        raise ConfigurationError(
            f"{root}: has no workflow that tailrace wrote"
            "\n  next: tailrace init --ci gitea, or run this in the repository's root"
        )
    return tuple(found[path] for path in sorted(found))


def _checked(path: str, text: str, again: Callable[[str], Sequence[Generated]]) -> Checked:
    parts = split(text)
    command = text.split("\n", 1)[0].removeprefix(MARK)
    if parts is None or digest(parts[2]) != parts[1]:
        return Checked(path, FileState.EDITED, command)
    expected = next((file.text for file in again(command) if file.path == path), None)
    state = FileState.AS_WRITTEN if expected == text else FileState.STALE
    return Checked(path, state, command)


def _text(path: Path) -> str:
    return read_bounded(path, _LIMIT).decode(errors="replace")
