"""The pin as a file of its own: the version and one newline, and how a consumer reads it."""

from __future__ import annotations

import re

from tailrace.model import PIN_LIMIT, FileKind, PinFile
from tailrace.pins.places import PinReading
from tailrace.versions import VersionPolicy, is_version, parse

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


def render(version: str) -> bytes:
    """The bytes that a pin of ``version`` has."""
    return f"{version}\n".encode()


def unread(pin: PinFile) -> str | None:
    """Why there is nothing to read at a pin's path; None where there is a file's content."""
    if pin.kind is not FileKind.FILE:
        return _NOT_A_FILE[pin.kind]
    if pin.content is None:
        size = "more" if pin.size is None else f"{pin.size:,} bytes"
        return f"is {size} (limit {PIN_LIMIT:,}), not read"
    return None


def read(pin: PinFile, policy: VersionPolicy) -> PinReading:
    """What stands at the pin's path, read as the consumer does."""
    problem = unread(pin)
    if problem is not None or pin.content is None:
        return PinReading(None, exact=False, problem=problem)
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
