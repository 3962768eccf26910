"""What a pin says, and the file with another version in it: the same for every format."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tailrace.model import Pin, PinFile, PinFormat
from tailrace.pins import formats, text
from tailrace.pins.places import PinReading, Place, Unreadable, replaced
from tailrace.versions import VersionPolicy, is_newer, is_version, parse


def read(pin: Pin, file: PinFile, package: str, policy: VersionPolicy) -> PinReading:
    """What stands at the pin, read as its consumer does. Never raises."""
    if pin.format is PinFormat.TEXT:
        return text.read(file, policy)
    problem = text.unread(file)
    if problem is not None or file.content is None:
        return PinReading(None, exact=False, problem=problem)
    try:
        places = formats.find(pin.format, file.content, pin.key, package)
    except Unreadable as error:
        return PinReading(None, exact=False, problem=str(error))
    first, *others = dict.fromkeys(place.value for place in places)
    strange = next((value for value in (first, *others) if parse(value) is None), None)
    if strange is not None:
        # In a file of other things a wrong value may be a part of one of them: never overwritten.
        problem = f"has {strange[:40]!a} at {pin.key or package}, which is no version"
        return PinReading(first, exact=False, problem=problem)
    exact = all(is_version(value, policy) for value in (first, *others))
    return PinReading(first, exact, hints=tuple(others), others=tuple(others))


def rewritten(pins: Sequence[Pin], file: PinFile, package: str, version: str) -> bytes:
    """The file with ``version`` at each of the ``pins`` in it; every other byte is as it was.

    Raises `Unreadable` where a pin has no place in it, or where two of them overlap.
    """
    if any(pin.format is PinFormat.TEXT for pin in pins):
        return text.render(version)
    content = file.content or b""
    places = {
        place for pin in pins for place in formats.find(pin.format, content, pin.key, package)
    }
    if _overlap(places):
        raise Unreadable("has two pins that overlap; take one of them out of the fleet file")
    return replaced(content, list(places), version)


def _overlap(places: set[Place]) -> bool:
    ordered = sorted(places, key=lambda place: place.start)
    return any(left.end > right.start for left, right in pairwise(ordered))


def newer(reading: PinReading, version: str) -> str | None:
    """What the pin says, or may mean, that is later than ``version``; None where nothing is."""
    said = (reading.value or "", *reading.hints)
    return next((found for found in said if is_newer(found, version)), None)
