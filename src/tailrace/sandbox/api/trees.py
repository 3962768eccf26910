"""What is in Git, read only: trees, blobs, refs, branches, commits."""

from __future__ import annotations

import base64
from typing import Any

import pygit2
from starlette.responses import Response

from tailrace.sandbox import gitwork
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found, plain
from tailrace.sandbox.records import Repository

#: Entries on one page of a tree listing (recorded settings/api).
TREE_PAGE = 1000


async def tree(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/git/trees/{ref}."""
    found = call.repository()
    git = call.store.git(found)
    ref = call.param("ref")
    resolved = gitwork.resolve(git, ref)
    if resolved is None or isinstance(resolved, pygit2.Blob):
        raise Refused(400, f"sha not found [{ref}]")
    commit = gitwork.commit_of(resolved)
    root = commit.tree if commit is not None else resolved.peel(pygit2.Tree)
    sha = str(commit.id) if commit is not None else str(root.id)
    recursive = call.query("recursive") not in ("", "0", "false")
    listed = list(gitwork.entries(git, root, recursive=recursive))
    size = _number(call.query("per_page"), TREE_PAGE)
    page = _number(call.query("page"), 1)
    shown = listed[(page - 1) * size : page * size]
    url = f"{call.api}/repos/{found.full_name}/git"
    body = {
        "sha": sha,
        "url": f"{url}/trees/{sha}",
        "tree": [
            {
                "path": entry.path,
                "mode": entry.mode,
                "type": entry.type,
                "size": entry.size,
                "sha": entry.sha,
                "url": f"{url}/{entry.type}s/{entry.sha}",
            }
            for entry in shown
        ],
        "truncated": page * size < len(listed),
        "page": page,
        "total_count": len(listed),
    }
    return answer(200, body, {"x-total-count": str(len(listed))})


def _number(text: str, default: int) -> int:
    """A page or its size, as Gitea reads it: never more than its own maximum."""
    number = int(text) if text.isdecimal() and len(text) < 10 else default
    return min(max(number, 1), TREE_PAGE) if default == TREE_PAGE else max(number, 1)


async def blob(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/git/blobs/{sha}."""
    found = call.repository()
    sha = call.param("sha")
    item = gitwork.resolve(call.store.git(found), sha) if len(sha) == 40 else None
    if not isinstance(item, pygit2.Blob):
        raise Refused(400, f"object does not exist [id: {sha}, rel_path: ]")
    url = f"{call.api}/repos/{found.full_name}/git/blobs/{sha}"
    data = base64.b64encode(item.data).decode()
    body = {"content": data, "encoding": "base64", "url": url, "sha": sha, "size": item.size}
    return answer(200, body)


async def refs(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/git/refs/{ref}: every ref that begins so."""
    found = call.repository()
    git = call.store.git(found)
    wanted = f"refs/{call.param('ref')}"
    names = [name for name in git.references if name.startswith(wanted)]
    if not names:
        raise not_found()
    return answer(200, [_ref(call, found, git, name) for name in names])


def _ref(call: Call, found: Repository, git: pygit2.Repository, name: str) -> dict[str, Any]:
    sha = str(git.references[name].resolve().target)
    url = f"{call.api}/repos/{found.full_name}/git"
    target = {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"}
    return {"ref": name, "url": f"{url}/{name}", "object": target}


async def branch(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/branches/{branch}."""
    found = call.repository()
    return answer(200, _branch(call, found, call.param("branch")))


def _branch(call: Call, found: Repository, name: str) -> dict[str, Any]:
    git = call.store.git(found)
    head = gitwork.head_of(git, name)
    commit = gitwork.commit_of(gitwork.resolve(git, head)) if head else None
    if commit is None:
        missing = f"branch does not exist [name: {name}]"
        raise Refused(404, "The target couldn't be found.", errors=[missing])
    protection = call.protection(found, name)
    rule = protection.rule if protection else {}
    may_push = call.rank(found) >= 2 and call.protection(found, name, pushing=True) is None
    return {
        "name": name,
        "commit": shapes.branch_commit(call, found, commit),
        "protected": protection is not None,
        "required_approvals": rule.get("required_approvals", 0),
        "enable_status_check": rule.get("enable_status_check", False),
        "status_check_contexts": rule.get("status_check_contexts", []),
        "user_can_push": may_push,
        "user_can_merge": call.rank(found) >= 2,
        "effective_branch_protection_name": rule.get("rule_name", ""),
    }


async def branches(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/branches."""
    found = call.repository()
    page, headers = call.page(sorted(call.store.git(found).branches.local))
    return answer(200, [_branch(call, found, name) for name in page], headers)


async def create_branch(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/branches."""
    found = call.writable()
    git = call.store.git(found)
    wanted = await call.body(dict[str, str])
    name = wanted.get("new_branch_name", "")
    start = wanted.get("old_ref_name") or wanted.get("old_branch_name") or found.default_branch
    if gitwork.head_of(git, name) is not None:
        raise Refused(409, "The branch already exists.")
    commit = gitwork.commit_of(gitwork.resolve(git, start))
    if commit is None:
        raise plain(404, "The old branch does not exist")
    git.references.create(f"refs/heads/{name}", commit.id)
    return answer(201, _branch(call, found, name))


async def delete_branch(call: Call) -> Response:
    """DELETE /repos/{owner}/{repo}/branches/{branch}."""
    name = call.param("branch")
    found = call.writable(name)
    git = call.store.git(found)
    if gitwork.head_of(git, name) is None:
        raise not_found()
    if name == found.default_branch:
        raise Refused(403, "can not delete default or pull request target branch")
    git.references.delete(f"refs/heads/{name}")
    return answer(204, None)


async def commits(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/commits."""
    found = call.repository()
    git = call.store.git(found)
    start = gitwork.commit_of(gitwork.resolve(git, call.query("sha") or found.default_branch))
    if start is None:
        raise not_found()
    history = gitwork.history(git, str(start.id), call.query("path") or None)
    page, headers = call.page(history)
    return answer(200, [shapes.commit(call, found, made) for made in page], headers)
