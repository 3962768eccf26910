"""The formats of pins that are part of a larger file, by their word in the fleet file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from tailrace.pins.places import Place


class _Finder(Protocol):
    """What each format's module has."""

    def check_key(self, key: str | None) -> None: ...

    def places(self, content: bytes, key: str, package: str) -> list[Place]: ...


#: The module of each format.
FINDERS: Mapping[str, str] = MappingProxyType(
    {
        word: f"tailrace.pins.{word}"
        for word in ("requirements", "pyproject", "toml", "dockerfile", "yaml", "json", "regex")
    }
)


def find(format: str, content: bytes, key: str | None, package: str) -> list[Place]:
    """The places of the version, at least one, in the order of the file.

    The key is one that `check` took. Raises `Unreadable`, whatever the content is.
    """
    return _finder(format).places(content, key or "", package)


def check(format: str, key: str | None) -> None:
    """Raises ValueError with the rule that ``key`` breaks, a text that fits after "key: "."""
    if format == "text":
        if key is not None:
            raise ValueError("a pin of the format text is the whole file: it has no key")
        return
    _finder(format).check_key(key)


def _finder(format: str) -> _Finder:
    # Imported when needed: the parsers cost start-up time.
    return cast(_Finder, import_module(FINDERS[format]))
