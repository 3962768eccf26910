"""What the formats share: the path of a key, hostile text for a message, and byte offsets."""

from __future__ import annotations

import re
import tomllib
from itertools import accumulate

from tailrace.pins.places import Unreadable

BOM = b"\xef\xbb\xbf"

_LONGEST = 500
_MOST_PARTS = 40
#: One part of a dotted key: bare, or quoted as in TOML.
_PART = re.compile(r"""[^.\s"'\x00-\x1f\x7f]+|"(?:[^"\\\x00-\x1f]|\\.)*"|'[^'\x00-\x1f]*'""")
_RULE = 'must be a dotted path such as project.version or env."A.B"'
_INDEX = re.compile("0|[1-9][0-9]{0,4}")


def parse(key: str | None) -> tuple[str, ...]:
    """The parts of a dotted key. Quotes are as in TOML ("Quoted keys"); a list's index is a part.

    Raises ValueError with the rule, a text that fits after "key: ".
    """
    if not key or len(key) > _LONGEST:
        raise ValueError(f"{_RULE}, of 1 to {_LONGEST} characters")
    parts: list[str] = []
    position = 0
    while True:
        found = _PART.match(key, position)
        if found is None:
            raise ValueError(_RULE)
        parts.append(_unquoted(found.group()))
        position = found.end()
        if position == len(key):
            break
        if key[position] != ".":
            raise ValueError(_RULE)
        position += 1
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"{_RULE}, of at most {_MOST_PARTS} parts")
    return tuple(parts)


def no_key(key: str | None) -> None:
    """Raises ValueError if there is a key, for the formats that find the package by its name."""
    if key:
        raise ValueError("must be left out, since this format finds the package by its name")


def index(part: str) -> int | None:
    """The list index that a part of a key means; None where it means none."""
    return int(part) if _INDEX.fullmatch(part) else None


def shown(text: str, most: int = 30) -> str:
    """Text from a file, made safe and short for a message."""
    safe = ascii(text[: most + 1])[1:-1]
    return safe if len(safe) <= most else f"{safe[: most - 3]}..."


def decoded(content: bytes) -> tuple[str, list[int]]:
    """The text without its BOM, and the byte offset in ``content`` of each character and the end.

    Raises `Unreadable` where the bytes are not UTF-8.
    """
    body = content.removeprefix(BOM)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8") from error
    skipped = len(content) - len(body)
    return text, list(accumulate((len(char.encode()) for char in text), initial=skipped))


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    try:
        return next(iter(tomllib.loads(f"{part} = 0")))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{_RULE}, quoted as in TOML") from error
