"""What an index must do, and the ways in which it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tailrace.errors import TailraceError


class IndexFailure(TailraceError):
    """Anything that an index answered, or did not answer, instead of what was asked for."""


class IndexUnreachable(IndexFailure):
    """The index did not answer in time, or answered with server errors."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        #: Seconds that it asks to wait (Retry-After).
        self.after = after


class IndexRefused(IndexFailure):
    """The index wants other credentials (401, 403)."""


class FileMissing(IndexFailure):
    """The index lists a file and does not give it out, as one whose nodes differ."""


class IndexBadAnswer(IndexFailure):
    """An answer that is not a simple index's: another page, not JSON, or too large."""


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One file of a project, as the index lists it."""

    filename: str
    url: str
    #: As the file's name says it.
    version: str
    is_wheel: bool
    #: Hex digests by algorithm.
    hashes: Mapping[str, str]
    requires_python: str | None = None
    yanked: bool = False
    #: Why it was yanked; empty where nobody said.
    yanked_reason: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """What an index has of one package."""

    name: str
    files: tuple[IndexFile, ...]


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was read to its end."""

    size: int
    #: Hex digests: sha256, and every algorithm that the index named.
    hashes: Mapping[str, str]


class Index(Protocol):
    """What a release needs of an index. Every method raises `IndexFailure`, and nothing else."""

    @property
    def url(self) -> str:
        """The simple index's address, for messages."""
        ...

    async def project(self, package: str) -> Project | None:
        """What there is of a package; None where the index says that it has none (404)."""
        ...

    async def download(self, file: IndexFile) -> Download:
        """Read a file to its end, and nothing of it into memory."""
        ...
