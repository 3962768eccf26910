"""What a forge must do, and the ways in which it can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from tailrace.errors import TailraceError
from tailrace.model import (
    Commit,
    Failure,
    FailureKind,
    FileChange,
    PullRequest,
    RepositoryName,
    Strategy,
    TreeEntry,
    TreeView,
)


class ForgeError(TailraceError):
    """Anything that a forge answered, or did not answer, instead of what was asked for."""

    kind = FailureKind.BAD_ANSWER

    def failure(self) -> Failure:
        """The same as a value, for observations and reports."""
        return Failure(self.kind, str(self))


class Unreachable(ForgeError):
    """The forge did not answer in time, or kept answering with server errors."""

    kind = FailureKind.UNREACHABLE


class AnswerLost(Unreachable):
    """A write was sent and no usable answer came: it may or may not have happened."""


class RateLimited(ForgeError):
    """The forge asked to slow down for longer than a run can wait."""

    kind = FailureKind.RATE_LIMITED


class TokenRefused(ForgeError):
    """The forge does not know the token (401)."""

    kind = FailureKind.TOKEN_REFUSED


class PermissionDenied(ForgeError):
    """The token is known and may not do this (403): scope or write permission."""

    kind = FailureKind.PERMISSION


class ProtectedBranch(PermissionDenied):
    """The branch does not take pushes from this token."""

    kind = FailureKind.PROTECTED


class NotFound(ForgeError):
    """Not there, or private to this token: a forge answers both the same way."""

    kind = FailureKind.NOT_FOUND


class BranchMissing(NotFound):
    """The repository is there, the branch is not."""

    kind = FailureKind.BRANCH_MISSING


class EmptyRepository(ForgeError):
    """The repository has no commit yet."""

    kind = FailureKind.EMPTY


class Renamed(ForgeError):
    """The repository answers under another name."""

    kind = FailureKind.RENAMED

    def __init__(self, message: str, *, to: RepositoryName) -> None:
        super().__init__(message)
        self.to = to


class Archived(ForgeError):
    """The repository is read-only."""

    kind = FailureKind.ARCHIVED


class Conflict(ForgeError):
    """Somebody else wrote since we looked: observe again, then decide again."""

    kind = FailureKind.CONFLICT


class Refused(ForgeError):
    """Something that this forge does not do, or that stands in a write's way."""

    kind = FailureKind.REFUSED


class BadAnswer(ForgeError):
    """An answer that is not what this API gives: not JSON, too large, or of another shape."""

    kind = FailureKind.BAD_ANSWER


@dataclass(frozen=True, slots=True)
class Server:
    """What a forge says of itself."""

    kind: str
    version: str
    #: The most items that a listing gives per page; None where the forge does not say.
    page_size: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the token belongs to; None where the token's scopes do not let it say."""

    login: str | None
    #: The scopes that the forge names for the token; empty where it does not say.
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as its forge describes it."""

    name: RepositoryName
    default_branch: str
    empty: bool = False
    archived: bool = False
    private: bool = False
    #: Whether this token may push; None where the forge does not say.
    can_push: bool | None = None
    topics: tuple[str, ...] = ()
    #: A hint, never a proof: it follows a write by seconds. None where the forge has none.
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, and what it says."""

    name: str
    #: The commit that it stands at.
    commit: str
    #: An annotated tag's message; empty for one without.
    message: str


@dataclass(frozen=True, slots=True)
class Protection:
    """The rule that holds for a branch, as far as checks go."""

    rule: str
    #: Whether statuses have to pass before a merge.
    checks: bool
    #: Globs on contexts; with ``checks`` an empty list means all of them.
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, as far as somebody tracks something with it."""

    number: int
    is_open: bool
    created_at: datetime


class Forge(Protocol):
    """What a cascade needs of a forge. Every method raises `ForgeError`, and nothing else."""

    @property
    def calls(self) -> int:
        """Calls made so far: HTTP requests, or Git operations for a folder of repositories."""
        ...

    @property
    def write_calls(self) -> Mapping[Strategy, int]:
        """Calls that one write and its read-back take where nobody interferes."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def server(self) -> Server:
        """Who answers; the first call of ``tailrace doctor``."""
        ...

    async def account(self) -> Account:
        """Whom the token belongs to. Raises `TokenRefused` for one that the forge does not know."""
        ...

    async def repository(self, name: RepositoryName) -> Repository:
        """One repository. Raises `Renamed` where it answers under another name."""
        ...

    def repositories(self, owner: str, topic: str | None = None) -> AsyncIterator[Repository]:
        """All repositories of an organisation or a user, page by page."""
        ...

    async def tree(
        self, name: RepositoryName, branch: str | None, paths: Sequence[str]
    ) -> TreeView:
        """What the branch's newest commit has at ``paths``; absence is proven, never assumed.

        ``branch`` None means the forge's default branch. A renamed repository is followed and
        shows in the view's ``repository``; an empty one gives a view without a commit. Raises
        `BranchMissing` where the repository is there and the branch is not.
        """
        ...

    async def folder(self, name: RepositoryName, sha: str) -> tuple[TreeEntry, ...]:
        """What stands directly in a folder, by the SHA of its tree; the paths are bare names."""
        ...

    async def check_write(self, name: RepositoryName, branch: str) -> bool | None:
        """Whether this token may push to the branch, found out without writing anything.

        None where the forge does not say. Raises `PermissionDenied` where the token lacks a scope.
        """
        ...

    async def blob(self, name: RepositoryName, sha: str, limit: int) -> bytes:
        """A blob's bytes, at most ``limit`` of them; a larger one raises `BadAnswer`."""
        ...

    async def write_files(
        self,
        name: RepositoryName,
        branch: str,
        changes: Sequence[FileChange],
        message: str,
        new_branch: str | None = None,
    ) -> Commit:
        """Commit files with compare-and-swap, on ``branch`` or on a new branch off it.

        All of them in one commit, or none.

        Raises `Conflict` where the swap did not match, the branch moved, or ``new_branch`` is
        there already; `AnswerLost` where it may or may not have happened. Never retries those.
        """
        ...

    async def pull_requests(self, name: RepositoryName, base: str) -> tuple[PullRequest, ...]:
        """The open pull requests onto ``base`` from branches of the same repository."""
        ...

    async def open_pull_request(
        self, name: RepositoryName, head: str, base: str, title: str, body: str
    ) -> PullRequest:
        """Open a pull request. Raises `Conflict` where one for these branches is open already."""
        ...

    async def close_pull_request(
        self, name: RepositoryName, pull_request: PullRequest, note: str
    ) -> None:
        """Close a pull request with a note that says why, and delete its branch."""
        ...

    async def protection(self, name: RepositoryName, branch: str) -> Protection | None:
        """The effective protection of a branch; None where none holds."""
        ...

    async def commits(self, name: RepositoryName, branch: str, count: int) -> tuple[str, ...]:
        """The newest commits of a branch, the newest first; ``count`` of them at most, 50."""
        ...

    async def statuses(self, name: RepositoryName, commit: str) -> Mapping[str, str]:
        """The newest state of each context on a commit, in the forge's words."""
        ...

    async def issue(self, name: RepositoryName, number: int) -> Issue | None:
        """An issue; None where a repository that is proven readable has none of that number."""
        ...

    async def review(self, name: RepositoryName, pull_request: int, body: str) -> str:
        """Comment on a pull request by a review that approves nothing; its address."""
        ...

    async def merged_labels(self, name: RepositoryName, commit: str) -> tuple[str, ...]:
        """The labels of the pull request that was merged as ``commit``; none where none was."""
        ...

    async def create_tag(self, name: RepositoryName, tag: Tag) -> None:
        """Make an annotated tag. Raises `Conflict` where one of that name is there.

        Raises `AnswerLost` where it may or may not have happened. Never retries those.
        """
        ...

    def tags(self, name: RepositoryName) -> AsyncIterator[Tag]:
        """All tags, page by page, without their messages."""
        ...

    async def tag(self, name: RepositoryName, tag: str) -> Tag | None:
        """A tag, or None where a repository that is proven readable has none of that name."""
        ...
