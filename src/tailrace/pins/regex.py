"""The pin as the group of a regular expression."""

from __future__ import annotations

from typing import Any

from tailrace.pins.keys import shown
from tailrace.pins.places import Place, Unreadable

_LONGEST = 500
_MOST_PLACES = 100
#: Keeps the compiled pattern small, so that the slowest search is seconds and not minutes.
_MEMORY = 1 << 20


def check_key(key: str | None) -> None:
    """Raises ValueError where ``key`` is not a regular expression (RE2) with one group."""
    if not key or len(key) > _LONGEST:
        raise ValueError(f"must be a regular expression of 1 to {_LONGEST} characters")
    if (groups := _compiled(key).groups) != 1:
        raise ValueError(f"must have exactly one group, the version, and has {groups}")


def places(content: bytes, key: str, package: str) -> list[Place]:
    """What the group of every match of ``key`` matches.

    RE2's syntax: linear time, ``^`` and ``$`` are the file's ends unless ``(?m)`` is set.
    Raises `Unreadable` where nothing matches, or a group matches nothing.
    """
    found: list[Place] = []
    # Matches do not overlap (RE2, as in re.finditer), and so neither do their groups.
    for match in _compiled(key).finditer(content):
        start, end = match.span(1)
        if start >= end:
            raise Unreadable(f"has a match of {shown(key)} of which the group is empty")
        if len(found) == _MOST_PLACES:
            raise Unreadable(f"has more than {_MOST_PLACES} matches of {shown(key)}")
        try:
            found.append(Place(start, end, content[start:end].decode()))
        except UnicodeDecodeError as error:
            raise Unreadable(f"has a match of {shown(key)} that is not UTF-8") from error
    if not found:
        raise Unreadable(f"has no match of {shown(key, 50)}")
    return found


def _compiled(key: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(key.encode(), options)
    except UnicodeEncodeError as error:
        raise ValueError("must be a regular expression of Unicode characters") from error
    except re2.error as error:
        why = shown(error.args[0].decode(errors="replace"), 60)
        raise ValueError(f"is not a regular expression: {why}") from error
