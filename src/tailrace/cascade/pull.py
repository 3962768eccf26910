"""A pull request per downstream: reused if it is open, superseding the older ones."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.cascade.message import commit_message, pull_request_body, pull_request_title
from tailrace.forges.base import BranchMissing, Conflict, Forge, ForgeError, Refused
from tailrace.forges.blobs import blob_sha
from tailrace.model import (
    Commit,
    Create,
    Downstream,
    Failure,
    FileKind,
    PullRequest,
    Release,
    Write,
)
from tailrace.versions import is_newer, parse

_PREFIX = "tailrace/"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open pull request, and what came of opening it."""

    pull_request: PullRequest
    commit: Commit | None
    #: Why an older one could not be closed.
    failure: Failure | None = None


def branch_of(release: Release) -> str:
    """The branch that carries ``release``: one per release, so that it is found again."""
    return f"{_PREFIX}{release.package}-{release.version}"


async def propose(
    forge: Forge, downstream: Downstream, action: Write | Create, release: Release
) -> Proposal:
    """The open pull request with this release, and the commit if one had to be made.

    Raises `Conflict` where the branch moved in between, `Refused` where a newer
    release's pull request is open, or this one's branch was edited by somebody.
    """
    name, base = action.snapshot.repository, action.snapshot.branch
    ours = f"{_PREFIX}{release.package}-"
    opened = [
        pull
        for pull in await forge.pull_requests(name, base)
        # Not only the prefix: the package "a-b" has branches that begin as those of "a" do.
        if pull.head.startswith(ours) and parse(pull.head.removeprefix(ours)) is not None
    ]
    for other in opened:
        if is_newer(other.head.removeprefix(ours), release.version):
            raise Refused(
                f"{name}: pull request {other.url} carries a newer release"
                "\n  next: merge that one, or close it and run this again"
            )
    head = branch_of(release)
    current = next((p for p in opened if p.head == head), None)
    commit = None
    if current is None:
        commit = await _branch(forge, action, release, head)
        current = await forge.open_pull_request(
            name, head, base, pull_request_title(release), pull_request_body(action, release)
        )
    else:
        await _check(forge, action, head)
    note = f"Superseded by {current.url}, which carries {release.version}."
    try:
        for older in opened:
            if older.head != head:
                await forge.close_pull_request(name, older, note)
    except ForgeError as error:
        # The new one stands all the same, and has to be reported.
        return Proposal(current, commit, error.failure())
    return Proposal(current, commit)


async def _branch(
    forge: Forge, action: Write | Create, release: Release, head: str
) -> Commit | None:
    """Make the branch ``head`` with the pins in it; None where it stood there already."""
    name, base = action.snapshot.repository, action.snapshot.branch
    message = commit_message(action, release)
    try:
        return await forge.write_files(name, base, action.changes, message, new_branch=head)
    except Conflict as conflict:
        try:
            await _check(forge, action, head)
        except BranchMissing:
            # Not our branch but the base was the conflict: it has to be read again.
            raise conflict from None
        return None


async def _check(forge: Forge, action: Write | Create, head: str) -> None:
    """Raises `Refused` where the branch ``head`` has another pin than it must."""
    name = action.snapshot.repository
    view = await forge.tree(name, head, [change.path for change in action.changes])
    for change in action.changes:
        entry = view.entries.get(change.path)
        blob = blob_sha(change.content, None if entry is None else entry.sha)
        if entry is None or entry.kind is not FileKind.FILE or entry.sha != blob:
            raise Refused(
                f"{name}: branch {head} is there, but its {change.path} is another"
                "\n  next: delete that branch, then run this again"
            )
