"""The older list: a ``manifest.json`` with lists of ``{name, repo, ref}``, read as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace.errors import ConfigurationError
from tailrace.fleet.bounded import read_bounded
from tailrace.fleet.names import check_branch, check_name, check_repository
from tailrace.model import RepositoryName

_LIMIT = 10 * 1024 * 1024
_MOST_ERRORS = 20


class ManifestError(ConfigurationError):
    """A manifest that cannot be used."""


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One repository of a manifest's list."""

    name: str
    repository: RepositoryName
    ref: str | None


def read_manifest(file: Path, list_name: str) -> tuple[ManifestEntry, ...]:
    """The entries of one list. Raises `ManifestError` naming file, list, index and key."""
    try:
        loaded = json.loads(read_bounded(file, _LIMIT), object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        raise ManifestError(f"{file}:{error.lineno}: is not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{file}: is not JSON that can be read") from error
    except _DuplicateKeyError as error:
        raise ManifestError(f"{file}: the key {error.key[:60]!a} stands twice") from error
    rows = loaded if isinstance(loaded, dict) else {}
    lists = [key for key, value in rows.items() if isinstance(value, list)]
    if list_name not in lists:
        known = ", ".join(ascii(key)[1:-1] for key in lists[:10]) or "no lists at all"
        raise ManifestError(f"{file}: has no list {list_name[:60]!a}\n  there are: {known}")
    entries: list[ManifestEntry] = []
    problems: list[str] = []
    for number, row in enumerate(rows[list_name]):
        try:
            entries.append(_entry(row))
        except ValueError as error:
            problems.append(f"{list_name}[{number}].{error}")
    problems += [f"{list_name}: {twice} stands twice" for twice in _twice(entries)]
    if not entries and not problems:
        problems.append(f"{list_name} is empty")
    if problems:
        more = (
            [f"  and {len(problems) - _MOST_ERRORS} more"] if len(problems) > _MOST_ERRORS else []
        )
        lines = [f"{file}: {problem}" for problem in problems[:_MOST_ERRORS]]
        raise ManifestError("\n".join([*lines, *more]))
    return tuple(entries)


def _entry(row: object) -> ManifestEntry:
    if not isinstance(row, dict):
        raise ValueError("name: is not there: the entry is no object")  # noqa: TRY004 - one error
    text = {}
    for key in ("name", "repo", "ref"):
        value = row.get(key)
        if key == "ref" and value is None:
            continue
        if not isinstance(value, str):
            raise ValueError(f"{key}: is not there, or no text")  # noqa: TRY004 - one error
        text[key] = value
    checks = {"name": check_name, "repo": check_repository, "ref": check_branch}
    for key, value in text.items():
        try:
            checks[key](value)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
    owner, slash, name = text["repo"].partition("/")
    if not slash:
        raise ValueError("repo: needs the owner: owner/name")
    return ManifestEntry(text["name"], RepositoryName(owner, name), text.get("ref"))


def _twice(entries: Iterable[ManifestEntry]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        for key in (f"name {entry.name}", f"repo {str(entry.repository).lower()}"):
            if key in seen:
                yield key
            seen.add(key)


class _DuplicateKeyError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKeyError(key)
        found[key] = value
    return found
