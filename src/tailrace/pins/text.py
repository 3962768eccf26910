"""The pin as a file of its own: the version and one newline, and how a consumer reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tailrace.model import PIN_LIMIT, FileKind, PinFile
from tailrace.versions import VersionPolicy, is_newer, is_version, parse

#: What ``tr -d '[:space:]'`` deletes in the C locale.
_SPACE = b" \t\n\v\f\r"
#: How every Git LFS pointer begins (git-lfs spec, "The Pointer").
_LFS = b"version https://git-lfs.github.com/spec/"

#: What could be a version, wherever it stands.
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+)+")
_WORD = re.compile(r"[0-9]+\.[0-9][0-9A-Za-z.!+-]*")

_NOT_A_FILE = {
    FileKind.DIRECTORY: "is a folder",
    FileKind.SYMLINK: "is a symbolic link",
    FileKind.SUBMODULE: "is a submodule",
}


@dataclass(frozen=True, slots=True)
class PinReading:
    """What a pin says."""

    #: As the consumer reads it (``head -n1 | tr -d '[:space:]'``); None: cannot be read.
    value: str | None
    #: The bytes are exactly a version and one newline.
    exact: bool
    #: Where the value is no version, what in the first line may be meant as one.
    hints: tuple[str, ...] = ()
    #: Why a person has to look before anything is written; None where a write is safe.
    problem: str | None = None


def render(version: str) -> bytes:
    """The bytes that a pin of ``version`` has."""
    return f"{version}\n".encode()


def read(pin: PinFile, policy: VersionPolicy) -> PinReading:
    """What stands at the pin's path, read as the consumer does."""
    if pin.kind is not FileKind.FILE:
        return PinReading(None, exact=False, problem=_NOT_A_FILE[pin.kind])
    if pin.content is None:
        size = "more" if pin.size is None else f"{pin.size:,} bytes"
        return PinReading(None, exact=False, problem=f"is {size} (limit {PIN_LIMIT:,}), not read")
    first = pin.content.split(b"\n", 1)[0]
    value = first.translate(None, _SPACE).decode(errors="replace")
    if pin.content.startswith(_LFS):
        return PinReading(value, exact=False, problem="is a Git LFS pointer, not the file")
    exact = is_version(value, policy) and pin.content == render(value)
    if parse(value) is not None:
        return PinReading(value, exact)
    words = _WORD.findall(first[:1000].decode(errors="replace"))[:20]
    numbers = [found.group() for word in words if (found := _NUMBERS.match(word))]
    return PinReading(value, exact, hints=(*words, *numbers))


def newer(reading: PinReading, version: str) -> str | None:
    """What the pin says, or may mean, that is later than ``version``; None where nothing is."""
    said = (reading.value or "", *reading.hints)
    return next((found for found in said if is_newer(found, version)), None)
