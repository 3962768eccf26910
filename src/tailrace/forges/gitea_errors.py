"""What Gitea's error statuses mean: one row of the forge contract's table each."""

from __future__ import annotations

from tailrace.forges.answers import Rejected
from tailrace.forges.base import (
    AnswerLost,
    Archived,
    BadAnswer,
    BranchMissing,
    Conflict,
    ForgeError,
    NotFound,
    PermissionDenied,
    ProtectedBranch,
    Refused,
    TokenRefused,
)


def meaning(error: Rejected, what: str, *, authenticated: bool) -> ForgeError:
    """The error that a rejected read is; ``what`` names the repository, owner or server."""
    status, message = error.status, error.message
    if status == 401 and authenticated:
        return TokenRefused(
            f"{what}: the forge refuses the token ({message})"
            "\n  next: make a new one with the scope write:repository"
        )
    if status == 401:
        return TokenRefused(
            f"{what}: the forge wants a token ({message})"
            "\n  next: set the variable that `token-env` names"
        )
    if status == 403 and "scope" in message:
        return PermissionDenied(f"{what}: {message}\n  next: make a token with that scope")
    if status == 403 and "cannot commit" in message:
        return ProtectedBranch(
            f"{what}: the branch is protected ({message})"
            '\n  next: let this user push, or use strategy = "pull-request"'
        )
    if status == 403:
        return PermissionDenied(
            f"{what}: 403 {message}\n  next: give the token's user permission there"
        )
    if status == 404:
        return NotFound(
            f"{what}: not there, or private and this token may not see it"
            "\n  next: check `repo` in the fleet file, then the token's user's access"
        )
    return BadAnswer(f"{what}: answered {status} {message}")


def meaning_of_write(error: Rejected, what: str, *, authenticated: bool) -> ForgeError:
    """The error that a rejected write is."""
    status, message = error.status, error.message
    if status == 409 or (
        status == 422 and ("sha does not match" in message or "already exists" in message)
    ):
        return Conflict(f"{what}: {message}")
    if status == 422 and "no changes between the head and the base" in message:
        return Refused(
            f"{what}: there is nothing to merge ({message})"
            "\n  next: delete the branch that an earlier pull request left, run it again"
        )
    if status >= 500:
        lost = ("cannot lock ref" in message, message.startswith("object does not exist"))
        if any(lost) or "already exists" in message:
            # Another writer was faster, or the file is gone: no outage.
            return Conflict(f"{what}: {message}")
        return AnswerLost(f"{what}: {status} {message}")
    if status == 423:
        return Archived(
            f"{what}: is archived, so nothing can be written"
            "\n  next: unarchive it, or take it out of the fleet file"
        )
    if status == 405:
        return PermissionDenied(
            f"{what}: 405 {message}\n  next: let this token's user make that tag (tag protection)"
        )
    if status == 404 and "branch does not exist" in message:
        return BranchMissing(f"{what}: {message}\n  next: correct `branch` in the fleet file")
    return meaning(error, what, authenticated=authenticated)
