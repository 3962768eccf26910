"""The JSON of Gitea's answers, key for key as recorded."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pygit2

from tailrace.sandbox import gitwork
from tailrace.sandbox.api.call import Call
from tailrace.sandbox.records import Repository, User

NEVER = "0001-01-01T00:00:00Z"
EPOCH = "1970-01-01T00:00:00Z"
UNSIGNED = {
    "verified": False,
    "reason": "gpg.error.not_signed_commit",
    "signature": "",
    "signer": None,
    "payload": "",
}


def user(call: Call, found: User | None) -> dict[str, Any] | None:
    """A user, or an organisation where a user is expected."""
    if found is None:
        return None
    avatar = hashlib.md5(found.login.encode(), usedforsecurity=False).hexdigest()
    return {
        "id": found.id,
        "login": found.login,
        "login_name": "",
        "full_name": "",
        "email": found.email,
        "avatar_url": f"{call.base}/avatars/{avatar}",
        "language": "",
        "is_admin": found.is_admin,
        "last_login": EPOCH if found.is_admin else NEVER,
        "created": found.created,
        "restricted": False,
        "active": found.is_admin,
        "prohibit_login": False,
        "location": "",
        "website": "",
        "description": "",
        "visibility": "public",
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
        "username": found.login,
    }


def organisation(call: Call, found: User) -> dict[str, Any]:
    """An organisation as such."""
    avatar = hashlib.md5(found.login.encode(), usedforsecurity=False).hexdigest()
    return {
        "id": found.id,
        "name": found.login,
        "full_name": "",
        "email": "",
        "avatar_url": f"{call.base}/avatars/{avatar}",
        "description": "",
        "website": "",
        "location": "",
        "visibility": "public",
        "repo_admin_change_team_access": False,
        "username": found.login,
    }


def repository(call: Call, found: Repository) -> dict[str, Any]:
    """A repository, with what who asks may do there."""
    store = call.store
    rank = call.rank(found)
    git = store.git(found)
    html = f"{call.base}/{found.full_name}"
    pulls = sum(
        1
        for issue in store.state.issues
        if issue.repository == found.id and issue.pull and issue.state == "open"
    )
    return {
        "id": found.id,
        "owner": user(call, store.user(found.owner)),
        "name": found.name,
        "full_name": found.full_name,
        "description": "",
        "empty": gitwork.is_empty(git),
        "private": found.private,
        "fork": False,
        "template": False,
        "parent": None,
        "mirror": False,
        "size": 25,
        "language": "",
        "languages_url": f"{call.api}/repos/{found.full_name}/languages",
        "html_url": html,
        "url": f"{call.api}/repos/{found.full_name}",
        "link": "",
        "ssh_url": f"gitea@localhost:{found.full_name}.git",
        "clone_url": f"{html}.git",
        "original_url": "",
        "website": "",
        "stars_count": 0,
        "forks_count": 0,
        "watchers_count": 1,
        "open_issues_count": 0,
        "open_pr_counter": pulls,
        "release_counter": 0,
        "default_branch": found.default_branch,
        "archived": found.archived,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "archived_at": found.updated_at if found.archived else EPOCH,
        "permissions": {"admin": rank >= 3, "push": rank >= 2, "pull": rank >= 1},
        "has_issues": True,
        "internal_tracker": {
            "enable_time_tracker": True,
            "allow_only_contributors_to_track_time": True,
            "enable_issue_dependencies": True,
        },
        "has_wiki": True,
        "has_pull_requests": True,
        "has_projects": True,
        "has_releases": True,
        "has_packages": True,
        "has_actions": True,
        "ignore_whitespace_conflicts": False,
        "allow_merge_commits": True,
        "allow_rebase": True,
        "allow_rebase_explicit": True,
        "allow_squash_merge": True,
        "allow_rebase_update": True,
        "default_delete_branch_after_merge": False,
        "default_merge_style": "merge",
        "default_allow_maintainer_edit": False,
        "avatar_url": "",
        "internal": False,
        "mirror_interval": "",
        "mirror_updated": NEVER,
        "repo_transfer": None,
    }


def signature(found: pygit2.Signature) -> dict[str, Any]:
    """Who and when, of a commit."""
    return {"name": found.name, "email": found.email, "date": gitwork.iso(found.time)}


def _commit_link(call: Call, found: Repository, sha: str, created: str) -> dict[str, Any]:
    url = f"{call.api}/repos/{found.full_name}/git/commits/{sha}"
    return {"url": url, "sha": sha, "created": created}


def commit(call: Call, found: Repository, made: pygit2.Commit) -> dict[str, Any]:
    """A commit in a listing. The tree has the commit's own SHA there, as recorded."""
    sha = str(made.id)
    link = _commit_link(call, found, sha, gitwork.iso(made.commit_time))
    return {
        **link,
        "html_url": f"{call.base}/{found.full_name}/commit/{sha}",
        "commit": {
            "url": link["url"],
            "author": signature(made.author),
            "committer": signature(made.committer),
            "message": made.message,
            "tree": {
                "url": f"{call.api}/repos/{found.full_name}/git/trees/{sha}",
                "sha": sha,
                "created": link["created"],
            },
            "verification": None,
        },
        "author": _by_email(call, made.author.email),
        "committer": _by_email(call, made.committer.email),
        "parents": [_commit_link(call, found, str(p), NEVER) for p in made.parent_ids],
        "files": None,
        "stats": None,
    }


def file_commit(call: Call, found: Repository, made: pygit2.Commit) -> dict[str, Any]:
    """A commit as the contents API gives it."""
    sha, tree = str(made.id), str(made.tree_id)
    return {
        **_commit_link(call, found, sha, NEVER),
        "html_url": f"{call.base}/{found.full_name}/commit/{sha}",
        "author": signature(made.author),
        "committer": signature(made.committer),
        "parents": [_commit_link(call, found, str(p), NEVER) for p in made.parent_ids],
        "message": made.message,
        "tree": {
            "url": f"{call.api}/repos/{found.full_name}/git/trees/{tree}",
            "sha": tree,
            "created": NEVER,
        },
    }


def branch_commit(call: Call, found: Repository, made: pygit2.Commit) -> dict[str, Any]:
    """A commit as the branches API and a webhook give it."""
    sha = str(made.id)

    def person(who: pygit2.Signature) -> dict[str, Any]:
        known = _by_email(call, who.email)
        return {
            "name": who.name,
            "email": who.email,
            "username": known["login"] if known else "",
        }

    return {
        "id": sha,
        "message": made.message,
        "url": f"{call.base}/{found.full_name}/commit/{sha}",
        "author": person(made.author),
        "committer": person(made.committer),
        "verification": UNSIGNED,
        "timestamp": gitwork.iso(made.commit_time),
        "added": None,
        "removed": None,
        "modified": None,
    }


def _by_email(call: Call, email: str) -> dict[str, Any] | None:
    return user(call, next((u for u in call.store.state.users if u.email == email), None))


def content(
    call: Call,
    found: Repository,
    ref: str,
    at: pygit2.Commit,
    path: str,
    item: pygit2.Object,
    *,
    listed: bool = False,
) -> dict[str, Any]:
    """A file or folder as the contents API gives it; ``listed`` leaves the bytes out."""
    full, quoted = found.full_name, path
    is_dir = isinstance(item, pygit2.Tree)
    is_link = item.filemode == 0o120000
    kind = "dir" if is_dir else "symlink" if is_link else "file"
    data = None if is_dir or not isinstance(item, pygit2.Blob) else item.data
    url = f"{call.api}/repos/{full}/contents/{quoted}?ref={ref.replace('/', '%2F')}"
    html = f"{call.base}/{full}/src/branch/{ref}/{quoted}"
    # Recorded: a folder's git_url says "blobs" as well.
    git_url = f"{call.api}/repos/{full}/git/blobs/{item.id}"
    shown = kind == "file" and not listed and data is not None
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": str(item.id),
        "last_commit_sha": gitwork.last_change(at, path),
        "type": kind,
        "size": 0 if data is None else len(data),
        "encoding": "base64" if shown else None,
        "content": base64.b64encode(data).decode() if shown and data is not None else None,
        "target": data.decode(errors="replace") if is_link and data is not None else None,
        "url": url,
        "html_url": html,
        "git_url": git_url,
        "download_url": None if is_dir else f"{call.base}/{full}/raw/branch/{ref}/{quoted}",
        "submodule_git_url": None,
        "_links": {"self": url, "git": git_url, "html": html},
    }
