"""Commit statuses: how the checks of a pushed commit show on this version."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from tailrace.sandbox import gitwork
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found
from tailrace.sandbox.records import Repository, Status

_STATES = ("pending", "success", "error", "failure", "warning")
#: The worst first, as Gitea sums them up.
_WORST = ("error", "failure", "warning", "pending", "success")


class _New(msgspec.Struct):
    state: str
    context: str = "default"
    description: str = ""
    target_url: str = ""


async def create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/statuses/{sha}. No webhook is sent (contract)."""
    found = call.writable()
    sha = call.param("sha")
    wanted: _New = await call.body(_New)
    if gitwork.commit_of(gitwork.resolve(call.store.git(found), sha)) is None:
        raise Refused(500, f"GetCommit[{sha}]: object does not exist [id: {sha}, rel_path: ]")
    if wanted.state not in _STATES:
        # Recorded: PostgreSQL refuses the word for its length; nothing checks it before.
        path = call.store.path(found.owner, found.name)
        raise Refused(
            500,
            f"NewCommitStatus[repo_id: {found.id}, user_id: {call.login().id}, sha: {sha}]:"
            f" insert CommitStatus[{path}, {sha}]:"
            " pq: value too long for type character varying(7)",
        )
    statuses = call.store.state.statuses
    made = statuses.put(
        Status(
            id=statuses.next_id(),
            repository=found.id,
            sha=sha,
            context=wanted.context,
            state=wanted.state,
            description=wanted.description,
            target_url=wanted.target_url,
            creator=call.login().login,
            created_at=call.store.now(),
        )
    )
    return answer(201, _shape(call, found, made))


def _of(call: Call, found: Repository) -> tuple[str, list[Status]]:
    commit = gitwork.commit_of(gitwork.resolve(call.store.git(found), call.param("ref")))
    if commit is None:
        raise not_found()
    sha = str(commit.id)
    mine = [s for s in call.store.state.statuses if s.repository == found.id and s.sha == sha]
    return sha, mine


async def listed(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/commits/{ref}/statuses."""
    found = call.repository()
    page, headers = call.page(_of(call, found)[1])
    return answer(200, [_shape(call, found, status) for status in page], headers)


async def combined(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/commits/{ref}/status: the newest of each context."""
    found = call.repository()
    sha, mine = _of(call, found)
    newest = list({status.context: status for status in mine}.values())
    states = {status.state for status in newest}
    body = {
        "state": next((word for word in _WORST if word in states), ""),
        "sha": sha,
        "total_count": len(newest),
        "statuses": [_shape(call, found, status) for status in newest],
        "repository": shapes.repository(call, found),
        "commit_url": "",
        "url": "",
    }
    return answer(200, body, {"x-total-count": str(len(newest))})


def _shape(call: Call, found: Repository, status: Status) -> dict[str, Any]:
    creator = call.store.user(status.creator) if status.creator else None
    return {
        "id": status.id,
        "status": status.state,
        "target_url": status.target_url,
        "description": status.description,
        "url": f"{call.api}/repos/{found.full_name}/statuses/{status.sha}",
        "context": status.context,
        "creator": shapes.user(call, creator),
        "created_at": status.created_at,
        "updated_at": status.created_at,
    }
