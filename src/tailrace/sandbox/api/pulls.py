"""Pull requests: open, list, look, bring up to date, merge, close."""

from __future__ import annotations

from typing import Any

import msgspec
import pygit2
from starlette.responses import Response

from tailrace.sandbox import gitwork
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found
from tailrace.sandbox.records import Comment, Issue, Pull, Repository

#: Seconds until a pull request's `mergeable` is known after a push to either branch.
CHECK_SECONDS = 2.0


class _New(msgspec.Struct):
    head: str
    base: str
    title: str = ""
    body: str = ""


class _Edit(msgspec.Struct):
    state: str | None = None
    title: str | None = None
    body: str | None = None


class _Merge(msgspec.Struct):
    do: str = msgspec.field(name="Do", default="merge")
    head_commit_id: str = ""
    delete_branch_after_merge: bool = False
    merge_when_checks_succeed: bool = False


def find(call: Call, found: Repository) -> Issue:
    """The pull request whose number is in the path."""
    number = call.param("number")
    for issue in call.store.state.issues:
        if issue.repository == found.id and str(issue.number) == number and issue.pull:
            return issue
    raise not_found()


async def create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/pulls."""
    found = call.repository()
    login = call.login().login
    wanted: _New = await call.body(_New)
    git = call.store.git(found)
    head, base = gitwork.head_of(git, wanted.head), gitwork.head_of(git, wanted.base)
    if head is None or base is None:
        raise not_found()
    if head == base or git.merge_base(head, base) == pygit2.Oid(hex=head):
        raise Refused(
            422, "Invalid PullRequest: There are no changes between the head and the base"
        )
    for other in call.store.state.issues:
        pull = other.pull
        if other.repository != found.id or pull is None or other.state != "open":
            continue
        if (pull.head, pull.base) == (wanted.head, wanted.base):
            raise Refused(
                409,
                f"pull request already exists for these targets [id: {other.id}, issue_id:"
                f" {other.number}, head_repo_id: {found.id}, base_repo_id: {found.id},"
                f" head_branch: {pull.head}, base_branch: {pull.base}]",
            )
    # Recorded: the answer has the repository as it was before.
    before = shapes.repository(call, found)
    found.number += 1
    call.store.state.repositories.put(found)
    now = call.store.now()
    issue = Issue(
        id=call.store.state.issues.next_id(),
        repository=found.id,
        number=found.number,
        login=login,
        title=wanted.title,
        body=wanted.body,
        created_at=now,
        updated_at=now,
        pull=Pull(head=wanted.head, base=wanted.base),
    )
    call.store.state.issues.put(issue)
    check(call, found, issue, at_once=True)
    pushed = [str(made.id) for made in gitwork.history(git, head, None)][:1]
    said = {"is_force_push": False, "commit_ids": pushed}
    event(call, found, issue.number, "pull_push", msgspec.json.encode(said).decode())
    body = shape(call, found, issue)
    body["base"]["repo"] = body["head"]["repo"] = before
    return answer(201, body)


def event(
    call: Call, found: Repository, number: int, kind: str, body: str, label: int | None = None
) -> Comment:
    """Something on an issue's timeline."""
    comments = call.store.state.comments
    return comments.put(
        Comment(
            id=comments.next_id(),
            repository=found.id,
            number=number,
            login=call.login().login,
            body=body,
            type=kind,
            created_at=call.store.now(),
            label=label,
        )
    )


def check(call: Call, found: Repository, issue: Issue, *, at_once: bool = False) -> bool:
    """Whether `mergeable` is known; it is computed a while after either branch has moved."""
    pull = issue.pull
    if pull is None or pull.merged or issue.state != "open":
        return True
    git = call.store.git(found)
    head, base = gitwork.head_of(git, pull.head), gitwork.head_of(git, pull.base)
    if head is None or base is None:
        return False
    now = call.store.clock()
    if pull.checked != f"{head} {base}":
        pull.checked, pull.head_sha = f"{head} {base}", head
        pull.known_at = now if at_once else now + CHECK_SECONDS
        pull.mergeable = not git.merge_commits(
            git[base].peel(pygit2.Commit), git[head].peel(pygit2.Commit)
        ).conflicts
        call.store.state.issues.put(issue)
    return now >= pull.known_at


def shape(call: Call, found: Repository, issue: Issue) -> dict[str, Any]:
    """A pull request, key for key as recorded."""
    pull = issue.pull
    if pull is None:
        raise not_found()
    known = check(call, found, issue)
    git = call.store.git(found)
    base_sha = gitwork.head_of(git, pull.base) or ""
    html = f"{call.base}/{found.full_name}/pulls/{issue.number}"
    state = call.store.state
    labels = [label_shape(call, found, one) for one in issue.labels]
    reviewers = [c.login for c in state.comments if _is_review(c, found, issue)]
    comments = [c for c in state.comments if c.type == "comment" and _on(c, found, issue)]
    merger = call.store.user(pull.merged_by) if pull.merged_by else None

    def end(ref: str, sha: str) -> dict[str, Any]:
        shown = shapes.repository(call, found)
        label = ref.removeprefix("refs/heads/")
        return {"label": label, "ref": ref, "sha": sha, "repo_id": found.id, "repo": shown}

    head = end(pull.head, pull.head_sha)
    if pull.merged and gitwork.head_of(git, pull.head) is None:
        head["ref"] = f"refs/pull/{issue.number}/head"
    common = git.merge_base(base_sha, pull.head_sha) if base_sha and pull.head_sha else None
    return {
        "id": issue.id,
        "url": html,
        "number": issue.number,
        "user": shapes.user(call, call.store.user(issue.login)),
        "title": issue.title,
        "body": issue.body,
        "labels": labels,
        "milestone": None,
        "assignee": None,
        "assignees": None,
        "requested_reviewers": [shapes.user(call, call.store.user(r)) for r in reviewers[:1]]
        or None,
        "state": issue.state,
        "is_locked": False,
        "comments": len(comments),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "mergeable": pull.mergeable and known,
        "merged": pull.merged,
        "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit_sha,
        "merged_by": shapes.user(call, merger),
        "allow_maintainer_edit": False,
        "base": end(pull.base, base_sha),
        "head": head,
        "merge_base": str(common) if common else "",
        "due_date": None,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": issue.closed_at,
        "pin_order": 0,
    }


def _on(comment: Comment, found: Repository, issue: Issue) -> bool:
    return comment.repository == found.id and comment.number == issue.number


def _is_review(comment: Comment, found: Repository, issue: Issue) -> bool:
    return comment.review is not None and _on(comment, found, issue)


def label_shape(call: Call, found: Repository, number: int) -> dict[str, Any]:
    """A label as recorded."""
    label = call.store.state.labels.get(number)
    if label is None or label.repository != found.id:
        raise not_found()
    return {
        "id": label.id,
        "name": label.name,
        "exclusive": False,
        "is_archived": False,
        "color": label.color,
        "description": label.description,
        "url": f"{call.api}/repos/{found.full_name}/labels/{label.id}",
    }


async def show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/pulls/{number}."""
    found = call.repository()
    return answer(200, shape(call, found, find(call, found)))


async def listed(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/pulls."""
    found = call.repository()
    state = call.query("state", "open")
    wanted = [
        issue
        for issue in call.store.state.issues
        if issue.repository == found.id and issue.pull and (state == "all" or issue.state == state)
    ]
    page, headers = call.page(wanted[::-1])
    return answer(200, [shape(call, found, issue) for issue in page], headers)


async def edit(call: Call) -> Response:
    """PATCH /repos/{owner}/{repo}/pulls/{number}."""
    found = call.writable()
    issue = find(call, found)
    wanted: _Edit = await call.body(_Edit)
    if wanted.state in ("open", "closed"):
        issue.state = wanted.state
        issue.closed_at = call.store.now() if wanted.state == "closed" else None
    issue.title = wanted.title if wanted.title is not None else issue.title
    issue.body = wanted.body if wanted.body is not None else issue.body
    issue.updated_at = call.store.now()
    call.store.state.issues.put(issue)
    return answer(201, shape(call, found, issue))


async def update(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/pulls/{number}/update: merge the base into the head."""
    found = call.writable()
    issue = find(call, found)
    pull, git = _open_pull(issue), call.store.git(found)
    head, base = gitwork.head_of(git, pull.head), gitwork.head_of(git, pull.base)
    if head is None or base is None:
        raise not_found()
    if str(git.merge_base(head, base)) == base:
        raise Refused(500, f"HeadBranch of PR {issue.number} is up to date")
    _merge(call, found, pull.head, head, base, f"Merge branch '{pull.base}' into {pull.head}")
    return answer(200, None)


async def merge(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/pulls/{number}/merge."""
    found = call.writable()
    issue = find(call, found)
    wanted: _Merge = await call.body(_Merge)
    pull = issue.pull
    if pull is None or pull.merged or issue.state != "open":
        raise Refused(405, "")
    if not check(call, found, issue) or not pull.mergeable:
        raise Refused(405, "Please try again later")
    if wanted.head_commit_id and wanted.head_commit_id != pull.head_sha:
        raise Refused(409, "head out of date")
    git = call.store.git(found)
    base = gitwork.head_of(git, pull.base)
    if base is None:
        raise not_found()
    message = f"{issue.title} (#{issue.number})"
    squash = wanted.do == "squash"
    sha = _merge(call, found, pull.base, base, pull.head_sha, message, squash=squash)
    now = call.store.now()
    issue.state, issue.closed_at, issue.updated_at = "closed", now, now
    pull.merged, pull.merged_at, pull.merge_commit_sha = True, now, sha
    pull.merged_by = call.login().login
    call.store.state.issues.put(issue)
    if wanted.delete_branch_after_merge:
        git.references.delete(f"refs/heads/{pull.head}")
    return answer(200, None)


def _open_pull(issue: Issue) -> Pull:
    if issue.pull is None or issue.state != "open":
        raise not_found()
    return issue.pull


def _merge(
    call: Call,
    found: Repository,
    branch: str,
    onto: str,
    other: str,
    message: str,
    *,
    squash: bool = False,
) -> str:
    git, user = call.store.git(found), call.login()
    merged = git.merge_commits(git[onto].peel(pygit2.Commit), git[other].peel(pygit2.Commit))
    if merged.conflicts:
        raise Refused(409, "merge failed because of conflict")
    person = gitwork.Person(user.login, user.email)
    parents = [onto] if squash else [onto, other]
    tree = merged.write_tree(git)
    sha = gitwork.commit(git, branch, onto, tree, message, person, person, parents)
    call.store.touch(found)
    return sha
