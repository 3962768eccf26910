"""Reviews of pull requests."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from tailrace.sandbox.api import pulls, shapes
from tailrace.sandbox.api.call import Call, Refused, answer
from tailrace.sandbox.records import Comment, Repository, Review


class _New(msgspec.Struct):
    event: str
    body: str = ""


async def create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/pulls/{number}/reviews."""
    found = call.repository()
    login = call.login().login
    issue = pulls.find(call, found)
    wanted: _New = await call.body(_New)
    if wanted.event == "APPROVED" and login == issue.login:
        raise Refused(422, "approve your own pull is not allowed")
    if wanted.event == "REQUEST_CHANGES" and login == issue.login:
        raise Refused(422, "reject your own pull is not allowed")
    pulls.check(call, found, issue)
    state = call.store.state
    for earlier in state.comments:
        # A person's newer review takes the older one's weight.
        same = earlier.repository == found.id and earlier.number == issue.number
        if same and earlier.review is not None and earlier.login == login:
            earlier.review.official = False
            state.comments.put(earlier)
    number = sum(1 for c in state.comments if c.review is not None) + 1
    head = issue.pull.head_sha if issue.pull else ""
    comment = pulls.event(call, found, issue.number, "review", wanted.body)
    comment.review = Review(id=number, state=wanted.event, commit_id=head)
    state.comments.put(comment)
    return answer(200, _shape(call, found, comment))


async def listed(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/pulls/{number}/reviews."""
    found = call.repository()
    issue = pulls.find(call, found)
    rows = [
        _shape(call, found, comment)
        for comment in call.store.state.comments
        if comment.review and comment.repository == found.id and comment.number == issue.number
    ]
    page, headers = call.page(rows)
    return answer(200, page, headers)


def _shape(call: Call, found: Repository, comment: Comment) -> dict[str, Any]:
    review = comment.review or Review(id=0, state="", commit_id="")
    html = f"{call.base}/{found.full_name}/pulls/{comment.number}"
    return {
        "id": review.id,
        "user": shapes.user(call, call.store.user(comment.login)),
        "team": None,
        "state": review.state,
        "body": comment.body,
        "commit_id": review.commit_id,
        "stale": False,
        "official": review.official,
        "dismissed": review.dismissed,
        "comments_count": 0,
        "submitted_at": comment.created_at,
        "updated_at": comment.created_at,
        "html_url": f"{html}#issuecomment-{comment.id}",
        "pull_request_url": html,
    }
