"""What is wrong with a fleet file, as one line each: FILE:LINE: KEY: fact."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tailrace.errors import ConfigurationError
from tailrace.fleet import shape
from tailrace.fleet.names import check_url
from tailrace.fleet.positions import Key, Positions

#: More errors than this help nobody at once.
_MOST_ERRORS = 20

Problem = tuple[Sequence[Key], str]


class FleetFileError(ConfigurationError):
    """A fleet file that cannot be used: one line for each thing that is wrong with it."""


def syntax_error(file: Path, message: str) -> str:
    """The line for a file that is no TOML, by what tomllib says of it."""
    where = re.search(r" \(at (line (\d+), column \d+|end of document)\)$", message)
    line = (where.group(2) if where else None) or "1"
    fact = message[: where.start()] if where else message
    return f"{file}:{line}: is not TOML: {_safe(fact)[:100]}"


def problem_of(details: ErrorDetails) -> Problem:
    """Where and what, by what pydantic says."""
    path = tuple(details["loc"])
    kind, message = details["type"], details["msg"]
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(str(path[-1]), _keys_around(path[:-1]), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return path, f"there is no such key{hint}"
    if kind == "missing":
        return path, "is not there, and has to be"
    if kind == "value_error":
        return path, message.removeprefix("Value error, ")
    return path, message[:1].lower() + message[1:]


def _keys_around(path: Sequence[Key]) -> list[str]:
    """The keys that a table may have."""
    found: type[BaseModel] = shape.FleetFile
    tables: dict[str, type[BaseModel]] = {
        "forge": shape.ForgeTable,
        "defaults": shape.DefaultsTable,
        "policy": shape.PolicyTable,
        "discovery": shape.DiscoveryTable,
        "fleet": shape.FleetTable,
        "index": shape.IndexTable,
        "publish": shape.PublishTable,
        "lint": shape.LintTable,
        "downstream": shape.DownstreamTable,
    }
    if path:
        found = tables.get(str(path[0]), found)
    return [field.alias or name for name, field in found.model_fields.items()]


def across(checked: shape.FleetFile, *, listed_elsewhere: bool) -> Iterator[Problem]:
    """What is wrong between keys that are each right."""
    forge = checked.forge
    if forge.kind != "git":
        try:
            check_url(forge.url)
        except ValueError as error:
            yield ("forge", "url"), str(error)
    for key in ("url", "upload_url"):
        value = None if checked.index is None else getattr(checked.index, key)
        if value is not None:
            try:
                check_url(value)
            except ValueError as error:
                yield ("index", key.replace("_", "-")), str(error)
    repo = checked.publish.repo
    if repo is not None and "/" not in repo and forge.owner is None:
        yield ("publish", "repo"), "has no owner, and forge.owner is not set"
    if checked.defaults.pin is not None and checked.defaults.pins is not None:
        yield ("defaults", "pins"), "pin and pins exclude each other"
    if not checked.downstream and checked.fleet is None and not listed_elsewhere:
        yield (), "the fleet is empty: add a [[downstream]], or [fleet] with a manifest"
    by_name: dict[str, int] = {}
    by_place: dict[tuple[str, str | None, str], int] = {}
    for number, row in enumerate(checked.downstream):
        if "/" not in row.repo and forge.owner is None:
            fact = f"{row.repo!r} has no owner, and forge.owner is not set"
            yield ("downstream", number, "repo"), fact
        if row.pin is not None and row.pins is not None:
            yield ("downstream", number, "pins"), "pin and pins exclude each other"
        first = by_name.setdefault(row.name, number)
        if first != number:
            yield ("downstream", number, "name"), f"{row.name} is the name of another above"
        owner = "" if "/" in row.repo else f"{forge.owner}/"
        branch = row.branch or checked.defaults.branch
        for pin in shape.pins_of(checked, row):
            place = (f"{owner}{row.repo}".lower(), branch, pin.path)
            first = by_place.setdefault(place, number)
            if first != number:
                other = checked.downstream[first].name
                yield ("downstream", number, "repo"), f"has the same repository and pin as {other}"


def refused(file: Path, source: bytes, problems: Sequence[Problem]) -> FleetFileError:
    """The error with a line for each of the problems."""
    positions = Positions(source)
    lines = [
        f"{file}:{positions.line(path)}: {_shown(path)}{_safe(fact)}"
        for path, fact in problems[:_MOST_ERRORS]
    ]
    if len(problems) > _MOST_ERRORS:
        lines.append(f"  and {len(problems) - _MOST_ERRORS} more")
    return FleetFileError("\n".join(lines))


def _safe(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def _shown(path: Sequence[Key]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            safe = part if part.isprintable() else ascii(part)
            text += f"{'.' if text else ''}{safe[:60]}"
    return f"{text}: " if text else ""
