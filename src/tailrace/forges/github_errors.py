"""What GitHub's error statuses mean.

The texts are not in its API description; each was seen in the place named beside it.
"""

from __future__ import annotations

from tailrace.forges.answers import Rejected
from tailrace.forges.base import (
    AnswerLost,
    Archived,
    BadAnswer,
    BranchMissing,
    Conflict,
    EmptyRepository,
    ForgeError,
    NotFound,
    PermissionDenied,
    ProtectedBranch,
    RateLimited,
    Refused,
    TokenRefused,
)

#: Of a protected branch or a ruleset: BobAnkh/auto-generate-changelog#78, 47degrees/
#: sbt-org-policies#263, satisfactory-factories/application#67, rest-api-description#4887.
_PROTECTED = (
    "rule violations",
    "through a pull request",
    "protected branch",
    "required status check",
    "approving review",
    "approved review",
    "reference update failed",
)
#: Of a write that lost: pome-sh/digital-twins#400, PyGithub#1787, jcabi-github#665,
#: octokit.rb#992, xorbitsai/xagent#2403, go-github#1441.
_LOST = (
    "wasn't supplied",
    "reference already exists",
    "reference does not exist",
    "a pull request already exists",
    "not a fast forward",
)


def is_empty(error: Rejected) -> bool:
    """Whether this says "no commit yet" (github/docs#31951)."""
    return error.status == 409 and "is empty" in error.message


def meaning(error: Rejected, what: str, *, authenticated: bool) -> ForgeError:
    """The error that a rejected read is; ``what`` names the repository, owner or server."""
    status, message = error.status, error.message
    if status == 401 and authenticated:
        return TokenRefused(
            f"{what}: GitHub refuses the token ({message})"
            "\n  next: make a new token, then try it with `tailrace doctor`"
        )
    if status == 401:
        return TokenRefused(
            f"{what}: GitHub wants a token ({message})"
            "\n  next: set the variable that `token-env` names"
        )
    if status == 403:
        return _forbidden(message, what)
    if status == 404:
        return NotFound(
            f"{what}: not there, or private and this token may not see it"
            "\n  next: check `repo` in the fleet file, then the token's user's access"
        )
    if is_empty(error):
        return EmptyRepository(f"{what}: has no commit yet\n  next: push a first commit")
    return BadAnswer(f"{what}: answered {status} {message}")


def meaning_of_write(error: Rejected, what: str, *, authenticated: bool) -> ForgeError:
    """The error that a rejected write is."""
    status, message = error.status, error.message
    text = message.lower()
    if status in (403, 409, 422) and any(mark in text for mark in _PROTECTED):
        return ProtectedBranch(
            f"{what}: the branch is protected:\n  {message}"
            '\n  next: let this user push, or use strategy = "pull-request"'
        )
    if status == 409 and not is_empty(error):
        return Conflict(f"{what}: {message}")
    if status == 422 and "no commits between" in text:
        return Refused(
            f"{what}: there is nothing to merge ({message})"
            "\n  next: delete the branch that an earlier pull request left, run it again"
        )
    if status == 422 and any(mark in text for mark in _LOST):
        return Conflict(f"{what}: {message}")
    if status >= 500:
        return AnswerLost(f"{what}: {status} {message}")
    if status == 404 and text.startswith("branch ") and "not found" in text:
        return BranchMissing(f"{what}: {message}\n  next: correct `branch` in the fleet file")
    return meaning(error, what, authenticated=authenticated)


def no_write_permission(what: str) -> PermissionDenied:
    """GitHub answers 404 to a write into a repository that this token may only read."""
    return PermissionDenied(
        f"{what}: this token may read it and not write to it"
        "\n  next: give the token `contents: write` there, or its user the role"
    )


def _forbidden(message: str, what: str) -> ForgeError:
    text = message.lower()
    if "archived" in text:
        return Archived(
            f"{what}: is archived, so nothing can be written"
            "\n  next: unarchive it, or take it out of the fleet file"
        )
    if "rate limit" in text:
        # A secondary limit may come without the headers that the transport waits by
        # (/rest/using-the-rest-api/rate-limits-for-the-rest-api): at least a minute then.
        return RateLimited(
            f"{what}: {message}\n  next: wait a minute, lower `concurrency`, run it again"
        )
    if "saml" in text:
        return PermissionDenied(
            f"{what}: {message}\n  next: authorize the token for the organisation's SSO"
        )
    return PermissionDenied(f"{what}: {message}\n  next: give the token `contents: write` there")
