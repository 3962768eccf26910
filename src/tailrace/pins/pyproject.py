"""The pin among the dependencies of a pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tailrace.pins.keys import no_key, shown
from tailrace.pins.places import Place, Unreadable
from tailrace.pins.requirements import version_span
from tailrace.pins.toml import Document, Path

check_key = no_key

#: Poetry's exact constraint: a version alone, or with ==.
_EXACT = re.compile(r"\s*+(?:==)?+\s*+([^\s,|=]++)\s*+")


def places(content: bytes, key: str, package: str) -> list[Place]:
    """Where the dependencies on ``package`` have its version.

    Read are ``[project]`` (PEP 621), ``[dependency-groups]`` (PEP 735) and Poetry's tables.
    Raises `Unreadable` where there is no such dependency, or one that is not exact.
    """
    document = Document(content)
    found: list[Place] = []
    for path, text in _requirements(document.data):
        span = version_span(text, package)
        if span is not None:
            found.append(_inside(document.place(path, text), span))
    for path, value in _poetry(document.data, package):
        found.append(_inside(document.place(path, value), _exact(value, package)))
    if not found:
        raise Unreadable(f"has no dependency {shown(package)}")
    return sorted(found, key=lambda place: place.start)


def _inside(text: Place, span: tuple[int, int]) -> Place:
    before, value = text.value[: span[0]], text.value[slice(*span)]
    start = text.start + len(before.encode())
    return Place(start, start + len(value.encode()), value)


def _requirements(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """The requirement strings; an {include-group = ...} is no string and is passed over."""
    project = _table(data, "project")
    lists: list[tuple[Path, Any]] = [(("project", "dependencies"), project.get("dependencies"))]
    alone: list[Path] = [("build-system", "requires"), ("tool", "uv", "dev-dependencies")]
    lists += [(path, _table(data, *path[:-1]).get(path[-1])) for path in alone]
    for base in (
        ("project", "optional-dependencies"),
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
    ):
        lists += [((*base, name), items) for name, items in _table(data, *base).items()]
    for path, items in lists:
        for number, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, str):
                yield (*path, str(number)), item


def _poetry(data: dict[str, Any], package: str) -> Iterator[tuple[Path, str]]:
    """The constraints of ``package`` (Poetry, "Dependency specification")."""
    from packaging.utils import canonicalize_name

    base: Path = ("tool", "poetry")
    groups = [(*base, "group", name) for name in _table(data, *base, "group")]
    wanted = canonicalize_name(package)
    tables = [(*above, "dependencies") for above in [base, *groups]]
    for path in [*tables, (*base, "dev-dependencies")]:
        for name, value in _table(data, *path).items():
            if canonicalize_name(name) != wanted:
                continue
            if isinstance(value, str):
                yield (*path, name), value
            elif isinstance(value, dict) and isinstance(value.get("version"), str):
                yield (*path, name, "version"), value["version"]
            else:
                raise Unreadable(f"has {shown(name)} without one version for Poetry")


def _exact(constraint: str, package: str) -> tuple[int, int]:
    from packaging.version import Version

    found = _EXACT.fullmatch(constraint)
    try:
        if found is not None:
            Version(found.group(1))
            return found.span(1)
    except ValueError:
        pass
    raise Unreadable(f'has {shown(package)} = "{shown(constraint, 20)}", which is not exact')


def _table(data: dict[str, Any], *path: str) -> dict[str, Any]:
    for part in path:
        inner = data.get(part)
        if not isinstance(inner, dict):
            return {}
        data = inner
    return data
