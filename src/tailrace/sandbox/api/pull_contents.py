"""What a pull request would change: its files and commits."""

from __future__ import annotations

from typing import Any

import pygit2
from starlette.responses import Response

from tailrace.sandbox import gitwork
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, answer, not_found
from tailrace.sandbox.api.pulls import find, shape
from tailrace.sandbox.records import Issue, Repository


async def files(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/pulls/{number}/files."""
    found = call.repository()
    issue = find(call, found)
    rows = [_file(call, found, patch, issue) for patch in _diff(call, found, issue)]
    page, headers = call.page(rows)
    return answer(200, page, headers)


def _diff(call: Call, found: Repository, issue: Issue) -> list[pygit2.Patch]:
    pull, git = issue.pull, call.store.git(found)
    base = gitwork.head_of(git, pull.base) if pull else None
    if pull is None or base is None:
        raise not_found()
    common = git.merge_base(base, pull.head_sha)
    if common is None:
        raise not_found()
    diff = git.diff(str(common), pull.head_sha)
    return [patch for patch in diff if patch is not None]


def _file(call: Call, found: Repository, patch: pygit2.Patch, issue: Issue) -> dict[str, Any]:
    sha = issue.pull.head_sha if issue.pull else ""
    name = patch.delta.new_file.path
    _, added, deleted = patch.line_stats
    kind = {"A": "added", "D": "deleted", "M": "changed"}.get(patch.delta.status_char(), "changed")
    full = found.full_name
    return {
        "filename": name,
        "status": kind,
        "additions": added,
        "deletions": deleted,
        "changes": added + deleted,
        "html_url": f"{call.base}/{full}/src/commit/{sha}/{name}",
        "contents_url": f"{call.api}/repos/{full}/contents/{name}?ref={sha}",
        "raw_url": f"{call.base}/{full}/raw/commit/{sha}/{name}",
    }


async def commits(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/pulls/{number}/commits."""
    found = call.repository()
    issue = find(call, found)
    pull, git = issue.pull, call.store.git(found)
    base = gitwork.head_of(git, pull.base) if pull else None
    if pull is None or base is None:
        raise not_found()
    common = str(git.merge_base(base, pull.head_sha))
    rows = []
    for made in gitwork.history(git, pull.head_sha, None):
        if str(made.id) == common:
            break
        patches = [p for p in git.diff(str(made.parent_ids[0]), str(made.id)) if p is not None]
        total = [p.line_stats for p in patches]
        added, deleted = sum(t[1] for t in total), sum(t[2] for t in total)
        row = shapes.commit(call, found, made)
        row["commit"]["verification"] = shapes.UNSIGNED
        row["files"] = [{"filename": p.delta.new_file.path, "status": "added"} for p in patches]
        row["stats"] = {"total": added + deleted, "additions": added, "deletions": deleted}
        rows.append(row)
    page, headers = call.page(rows)
    return answer(200, page, headers)


async def of_commit(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/commits/{sha}/pull: the one that was merged as this commit."""
    found = call.repository()
    sha = call.param("sha")
    for issue in call.store.state.issues:
        pull = issue.pull
        if issue.repository == found.id and pull is not None and pull.merge_commit_sha == sha:
            return answer(200, shape(call, found, issue))
    raise not_found()
