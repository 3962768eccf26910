"""What a forge says that rules need: required contexts, what ran, which issues are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RequiredChecks:
    """The effective branch protection of the default branch."""

    rule: str
    #: Whether statuses have to pass at all.
    enabled: bool
    #: Globs on contexts; an empty list means that all statuses have to pass.
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueState:
    """An issue that a comment names."""

    number: int
    is_open: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read of one repository. None means: could not be read, and ``why`` says it."""

    default_branch: str
    required: RequiredChecks | None = None
    #: Whether `required` was read at all: a branch without protection has none.
    protection_read: bool = False
    #: Contexts and their newest state on the last commits of the default branch, newest first.
    statuses: Sequence[Mapping[str, str]] | None = None
    issues: Mapping[int, IssueState] = field(default_factory=dict)
    issues_read: bool = False
    why: str = ""


def requiring(*contexts: str) -> Facts:
    """A repository whose default branch requires these contexts; without any, all statuses."""
    checks = RequiredChecks("main", enabled=True, contexts=contexts)
    return Facts("main", required=checks, protection_read=True)


def unprotected() -> Facts:
    """A repository whose default branch is not protected."""
    return Facts("main", protection_read=True)
