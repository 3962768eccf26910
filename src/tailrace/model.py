"""The design's words as frozen types. No I/O; imports nothing of ours but the version gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

#: The folders in which forges look for workflows, in the order in which they shadow each other.
WORKFLOW_FOLDERS = (".gitea/workflows", ".forgejo/workflows", ".github/workflows")

#: More bytes than this are never read of a pin.
PIN_LIMIT = 64 * 1024


class ForgeKind(StrEnum):
    """The Git hosting servers that there are adapters for."""

    GITEA = "gitea"
    FORGEJO = "forgejo"
    GITHUB = "github"
    GIT = "git"


class Strategy(StrEnum):
    """How a release reaches a downstream."""

    COMMIT = "commit"
    PULL_REQUEST = "pull-request"


@dataclass(frozen=True, slots=True, order=True)
class RepositoryName:
    """Where a repository is on its forge: ``owner/name``."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a package, as it stands on the index."""

    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


class PinFormat(StrEnum):
    """How a version stands in a file."""

    #: The whole file is the version and one newline.
    TEXT = "text"
    REQUIREMENTS = "requirements"
    PYPROJECT = "pyproject"
    TOML = "toml"
    DOCKERFILE = "dockerfile"
    YAML = "yaml"
    JSON = "json"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Pin:
    """The place in a downstream that states the version."""

    path: str = ".runtime-version"
    format: PinFormat = PinFormat.TEXT
    #: Where in the file: an ARG's name, a path of keys, an expression; not every format has one.
    key: str | None = None

    def __str__(self) -> str:
        return self.path if self.key is None else f"{self.path} ({self.key})"


@dataclass(frozen=True, slots=True)
class Downstream:
    """One repository of the fleet."""

    name: str
    repository: RepositoryName
    #: None: the forge's default branch.
    branch: str | None = None
    #: At least one; written together, in one commit.
    pins: tuple[Pin, ...] = (Pin(),)
    consumer: str = "publish-image.yml"
    folders: tuple[str, ...] = WORKFLOW_FOLDERS
    strategy: Strategy = Strategy.COMMIT

    @property
    def pin_paths(self) -> tuple[str, ...]:
        """The files that the pins stand in, each once."""
        return tuple(dict.fromkeys(pin.path for pin in self.pins))

    @property
    def consumer_paths(self) -> tuple[str, ...]:
        """Every path at which the consumer may stand."""
        return tuple(f"{folder}/{self.consumer}" for folder in self.folders)


class FileKind(StrEnum):
    """What a path in a Git tree can be (the modes of git-ls-tree)."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One path of a commit's tree."""

    path: str
    kind: FileKind
    sha: str
    #: Bytes; None where the forge does not say.
    size: int | None


@dataclass(frozen=True, slots=True)
class TreeView:
    """What a commit has at the paths that were asked for; a path without an entry is not there."""

    #: Where it was really read: differs from what was asked for when it was renamed.
    repository: RepositoryName
    branch: str
    #: None: the repository is empty.
    commit: str | None
    entries: Mapping[str, TreeEntry]
    archived: bool | None = None
    #: Whether this token may push here; None where the forge did not say.
    can_push: bool | None = None

    def consumers(self, downstream: Downstream) -> tuple[str, ...]:
        """The paths at which the downstream's consumer stands."""
        acts = (FileKind.FILE, FileKind.SYMLINK)
        paths = downstream.consumer_paths
        return tuple(p for p in paths if p in self.entries and self.entries[p].kind in acts)


@dataclass(frozen=True, slots=True)
class PinFile:
    """What stands at the pin's path."""

    kind: FileKind
    sha: str
    size: int | None
    #: None where it is no file, or larger than `PIN_LIMIT`.
    content: bytes | None


class FailureKind(StrEnum):
    """Why something could not be read or written, for machines."""

    UNREACHABLE = "unreachable"
    TOKEN_REFUSED = "token-refused"  # noqa: S105 - a word
    PERMISSION = "permission"
    NOT_FOUND = "not-found"
    RENAMED = "renamed"
    ARCHIVED = "archived"
    EMPTY = "empty"
    BRANCH_MISSING = "branch-missing"
    PROTECTED = "protected"
    CONFLICT = "conflict"
    RATE_LIMITED = "rate-limited"
    BAD_ANSWER = "bad-answer"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    #: A newer release was seen to arrive while this one was carried.
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one downstream, and what to do about it."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One downstream as it was read: facts, no judgement."""

    repository: RepositoryName
    branch: str
    commit: str | None
    #: What stands at the pins' paths; a path that is not there has no entry.
    pins: Mapping[str, PinFile]
    #: The paths at which a consumer was found.
    consumers: tuple[str, ...]
    renamed: bool = False
    archived: bool | None = None
    can_push: bool | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One downstream at one time: what was seen, or why it could not be seen."""

    downstream: Downstream
    at: datetime
    seen: Snapshot | Failure


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that a commit writes, with its compare-and-swap."""

    path: str
    content: bytes
    #: The blob that must still stand there; None: nothing may stand there.
    expected: str | None


@dataclass(frozen=True, slots=True)
class Write:
    """Rewrite the pins that were observed, and only those: one commit."""

    snapshot: Snapshot
    changes: tuple[FileChange, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Create:
    """Write pins where there are none: one commit."""

    snapshot: Snapshot
    changes: tuple[FileChange, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """The pin is what it must be: nothing to do."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Skip:
    """The downstream was read and has nothing that acts on the pin."""

    snapshot: Snapshot
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing is written, and a person has to look."""

    failure: Failure
    snapshot: Snapshot | None = None


Action: TypeAlias = Write | Create | Keep | Skip | Refuse


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that wrote pins, and the blobs that it wrote."""

    sha: str
    #: In the order of the changes.
    blobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """An open pull request that carries a release to one downstream."""

    number: int
    url: str
    head: str
    base: str


class State(StrEnum):
    """What a verdict can be."""

    CONVERGED = "converged"
    DIVERGED = "diverged"
    MALFORMED = "malformed"
    MISSING = "missing"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a verdict."""

    repository: RepositoryName
    branch: str
    commit: str | None
    #: The blobs of the pins by path; None where nothing stands.
    blobs: Mapping[str, str | None]
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one downstream has the release."""

    downstream: Downstream
    state: State
    want: str
    #: The version as the consumer reads it; None where there is none to read.
    got: str | None
    #: The bytes are not exactly the version and one newline.
    malformed: bool
    #: The fact and the next step; empty where there is nothing to say.
    detail: str
    #: None only for ``unknown``.
    evidence: Evidence | None
    consumers: tuple[str, ...] = ()
    failure: Failure | None = None
