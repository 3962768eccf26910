"""The patterns of ``branches`` and ``paths`` in workflows; not gitignore's, not fnmatch's.

docs.github.com, Workflow syntax, "Filter pattern cheat sheet"; Gitea's runner has the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import re2

_LONGEST = 1_000
_CLASS = re.compile(r"\[[A-Za-z0-9-]+\]")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    """The expression of a pattern; None for one that no reader takes."""
    source = _translated(pattern) if len(pattern) <= _LONGEST else None
    if source is None:
        return None
    try:
        return re2.compile(source)
    except re2.error:
        return None


def _translated(pattern: str) -> str | None:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char, length = pattern[at], 1
        if pattern.startswith("**/", at):
            part, length = "(?:.+/)?", 3
        elif pattern.startswith("**", at):
            part, length = ".*", 2
        elif char == "*":
            part = "[^/]*"
        elif char in "?+":
            # They say how often the character before comes.
            if not parts or parts[-1][-1:] in "*?+":
                return None
            part = char
        elif char == "[":
            found = _CLASS.match(pattern, at)
            if found is None:
                return None
            part, length = found.group(), len(found.group())
        elif char == "\\":
            if at + 1 == len(pattern):
                return None
            part, length = re.escape(pattern[at + 1]), 2
        else:
            part = re.escape(char)
        parts.append(part)
        at += length
    return "".join(parts)


def matches(pattern: str, value: str) -> bool:
    """Whether one pattern without ``!`` matches all of a value."""
    expression = _compiled(pattern)
    return expression is not None and expression.fullmatch(value) is not None


def _last_word(patterns: Sequence[str], value: str) -> bool:
    """What the last pattern that matches says; no, where none does."""
    said = False
    for pattern in patterns:
        if matches(pattern.removeprefix("!"), value):
            said = not pattern.startswith("!")
    return said


def included(patterns: Sequence[str], values: Iterable[str]) -> bool:
    """Whether ``branches`` or ``paths`` lets a push with these values through: one is enough."""
    return any(_last_word(patterns, value) for value in values)


def ignored(patterns: Sequence[str], values: Iterable[str]) -> bool:
    """Whether ``branches-ignore`` or ``paths-ignore`` stops a push: all values have to match."""
    return all(_last_word(patterns, value) for value in values)
