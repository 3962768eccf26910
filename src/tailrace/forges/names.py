"""Names that no repository has, and that must never become part of a path."""

from __future__ import annotations

from tailrace.forges.base import NotFound
from tailrace.model import RepositoryName


def is_plain(part: str) -> bool:
    """Whether ``part`` is one step down a path, and nothing else."""
    return part not in ("", ".", "..") and part.isprintable() and not set(part) & set("/\\")


def check(name: RepositoryName) -> None:
    """Raises `NotFound` for a name that no forge can have."""
    if not (is_plain(name.owner) and is_plain(name.name)):
        raise NotFound(
            f"{str(name)!a}: no name of a repository\n  next: correct `repo` in the fleet file"
        )
