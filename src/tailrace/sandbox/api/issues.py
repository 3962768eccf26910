"""Issues, their comments and timeline, and labels."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from tailrace.sandbox.api import pulls, shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found
from tailrace.sandbox.records import Comment, Issue, Label, Repository


class _New(msgspec.Struct):
    title: str
    body: str = ""


class _Comment(msgspec.Struct):
    body: str


class _NewLabel(msgspec.Struct):
    name: str
    color: str = "#cccccc"
    description: str = ""


def _find(call: Call, found: Repository) -> Issue:
    number = call.param("number")
    for issue in call.store.state.issues:
        if issue.repository == found.id and str(issue.number) == number:
            return issue
    raise not_found()


async def create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/issues."""
    found = call.repository()
    wanted: _New = await call.body(_New)
    found.number += 1
    call.store.state.repositories.put(found)
    now = call.store.now()
    issue = Issue(
        id=call.store.state.issues.next_id(),
        repository=found.id,
        number=found.number,
        login=call.login().login,
        title=wanted.title,
        body=wanted.body,
        created_at=now,
        updated_at=now,
    )
    call.store.state.issues.put(issue)
    return answer(201, _shape(call, found, issue))


async def listed(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/issues. The text index of a real server lags; so does this."""
    found = call.repository()
    state, kind, text = call.query("state", "open"), call.query("type"), call.query("q").lower()
    now = call.store.now()
    wanted = [
        issue
        for issue in call.store.state.issues
        if issue.repository == found.id
        and (state == "all" or issue.state == state)
        and (kind != "issues" or issue.pull is None)
        and (not text or (text in issue.title.lower() and issue.created_at < now))
    ]
    page, headers = call.page(wanted[::-1])
    return answer(200, [_shape(call, found, issue) for issue in page], headers)


def _shape(call: Call, found: Repository, issue: Issue) -> dict[str, Any]:
    full = found.full_name
    comments = [c for c in call.store.state.comments if _is_comment(c, found, issue)]
    return {
        "id": issue.id,
        "url": f"{call.api}/repos/{full}/issues/{issue.number}",
        "html_url": f"{call.base}/{full}/issues/{issue.number}",
        "number": issue.number,
        "user": shapes.user(call, call.store.user(issue.login)),
        "original_author": "",
        "original_author_id": 0,
        "title": issue.title,
        "body": issue.body,
        "ref": "",
        "assets": [],
        "labels": [pulls.label_shape(call, found, one) for one in issue.labels],
        "milestone": None,
        "assignee": None,
        "assignees": None,
        "state": issue.state,
        "is_locked": False,
        "comments": len(comments),
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": issue.closed_at,
        "due_date": None,
        "pull_request": None,
        "repository": {"id": found.id, "name": found.name, "owner": found.owner, "full_name": full},
        "pin_order": 0,
    }


def _is_comment(comment: Comment, found: Repository, issue: Issue) -> bool:
    same = comment.repository == found.id and comment.number == issue.number
    return same and comment.type == "comment"


async def show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/issues/{number}."""
    found = call.repository()
    return answer(200, _shape(call, found, _find(call, found)))


async def comment(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/issues/{number}/comments."""
    found = call.repository()
    issue = _find(call, found)
    wanted: _Comment = await call.body(_Comment)
    made = pulls.event(call, found, issue.number, "comment", wanted.body)
    kind = "pulls" if issue.pull else "issues"
    html = f"{call.base}/{found.full_name}/{kind}/{issue.number}"
    body = {
        "id": made.id,
        "html_url": f"{html}#issuecomment-{made.id}",
        "pull_request_url": html if issue.pull else "",
        "issue_url": "" if issue.pull else html,
        "user": shapes.user(call, call.user),
        "original_author": "",
        "original_author_id": 0,
        "body": made.body,
        "assets": [],
        "created_at": made.created_at,
        "updated_at": made.created_at,
    }
    return answer(201, body)


async def timeline(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/issues/{number}/timeline."""
    found = call.repository()
    issue = _find(call, found)
    kind = "pulls" if issue.pull else "issues"
    html = f"{call.base}/{found.full_name}/{kind}/{issue.number}"
    nothing = dict.fromkeys(
        ("old_milestone", "milestone", "tracked_time", "ref_issue", "ref_comment", "assignee"), None
    )
    rows = [
        {
            "id": one.id,
            "type": one.type,
            "html_url": f"{html}#issuecomment-{one.id}",
            "pull_request_url": html if issue.pull else "",
            "issue_url": "" if issue.pull else html,
            "user": shapes.user(call, call.store.user(one.login)),
            "body": one.body,
            "created_at": one.created_at,
            "updated_at": one.created_at,
            "old_project_id": 0,
            "project_id": 0,
            **nothing,
            "label": pulls.label_shape(call, found, one.label) if one.label else None,
            "old_title": "",
            "new_title": "",
            "old_ref": "",
            "new_ref": "",
            "ref_action": "none",
            "ref_commit_sha": "",
            "review_id": 0,
            "assignee_team": None,
            "removed_assignee": False,
            "resolve_doer": None,
            "dependent_issue": None,
        }
        for one in call.store.state.comments
        if one.repository == found.id and one.number == issue.number and one.review is None
    ]
    page, headers = call.page(rows)
    return answer(200, page, headers)


async def label_create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/labels. A name that exists makes a second label of it."""
    found = call.writable()
    wanted: _NewLabel = await call.body(_NewLabel)
    labels = call.store.state.labels
    made = labels.put(
        Label(
            id=labels.next_id(),
            repository=found.id,
            name=wanted.name,
            color=wanted.color.removeprefix("#"),
            description=wanted.description,
        )
    )
    return answer(201, pulls.label_shape(call, found, made.id))


async def label_list(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/labels."""
    found = call.repository()
    mine = [label.id for label in call.store.state.labels if label.repository == found.id]
    page, headers = call.page([pulls.label_shape(call, found, number) for number in mine])
    return answer(200, page, headers)


async def label_add(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/issues/{number}/labels: by id only."""
    found = call.writable()
    issue = _find(call, found)
    wanted = (await call.body(dict[str, Any])).get("labels", [])
    if any(not isinstance(one, int) for one in wanted):
        raise Refused(
            422,
            '[]: json: cannot unmarshal number " into Go struct field'
            " IssueLabelsOption.Labels of type int64",
        )
    shown = [pulls.label_shape(call, found, one) for one in wanted]
    for one in wanted:
        if one not in issue.labels:
            issue.labels = [*issue.labels, one]
            pulls.event(call, found, issue.number, "label", "1", label=one)
    call.store.state.issues.put(issue)
    return answer(200, shown)


async def label_remove(call: Call) -> Response:
    """DELETE /repos/{owner}/{repo}/issues/{number}/labels/{id}."""
    found = call.writable()
    issue = _find(call, found)
    number = int(call.param("id")) if call.param("id").isdecimal() else 0
    if number not in issue.labels:
        raise not_found()
    issue.labels = [one for one in issue.labels if one != number]
    pulls.event(call, found, issue.number, "label", "", label=number)
    call.store.state.issues.put(issue)
    return answer(204, None)
