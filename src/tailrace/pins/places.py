"""Where in a file a version stands: what every format of a pin finds, and how it is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One version in a file, as the bytes from ``start`` up to ``end``."""

    start: int
    end: int
    #: The text of those bytes, as the consumer reads it.
    value: str


@dataclass(frozen=True, slots=True)
class PinReading:
    """What a pin says."""

    #: As the consumer reads it; None: cannot be read. Of several places, the first.
    value: str | None
    #: The bytes are what they must be around a version that the gate lets through.
    exact: bool
    #: Where the value is no version, what may be meant as one; the values of further places.
    hints: tuple[str, ...] = ()
    #: Why a person has to look before anything is written; None where a write is safe.
    problem: str | None = None
    #: What the further places say, where they do not say the same.
    others: tuple[str, ...] = ()


class Unreadable(Exception):
    """The file has no place for this pin, or not one that can be edited safely.

    The text continues "FILE ...", as in "has no ARG RUNTIME_VERSION". Never leaves `pins`.
    """


def replaced(content: bytes, places: Sequence[Place], version: str) -> bytes:
    """``content`` with ``version`` at every place; every other byte is as it was."""
    new = version.encode()
    for place in sorted(places, key=lambda place: place.start, reverse=True):
        content = content[: place.start] + new + content[place.end :]
    return content
