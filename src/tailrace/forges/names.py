"""Names and paths that must never become part of a URL or of a path on a disk."""

from __future__ import annotations

from tailrace.forges.base import NotFound, Refused
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


def check_path(path: str) -> None:
    """Raises `Refused` for a path that no file in a repository can have."""
    if not all(is_plain(part) and part.lower() != ".git" for part in path.split("/")):
        raise Refused(f"{path!a}: no path of a file\n  next: correct `pin` in the fleet file")
