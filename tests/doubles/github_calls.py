"""GitHub's calls below a repository, one function and one page of docs.github.com each."""

from __future__ import annotations

from base64 import b64decode, encodebytes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pygit2
from pygit2.enums import FileMode

SIGNATURE = pygit2.Signature("GitHub double", "double@localhost")
_PROTECTED = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"


@dataclass
class Record:
    """A repository's facts that are not in Git."""

    id: int
    owner: str
    name: str
    default_branch: str
    private: bool
    archived: bool = False
    topics: list[str] = field(default_factory=list)
    protected: set[str] = field(default_factory=set)
    #: Required contexts by branch.
    required: dict[str, list[str]] = field(default_factory=dict)
    #: States by issue number.
    issues: dict[int, str] = field(default_factory=dict)
    #: States by context, by commit.
    statuses: dict[str, dict[str, str]] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)


class Problem(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None):
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
        }
        if errors:
            self.body["errors"] = errors


@dataclass
class Call:
    """One request below a repository."""

    method: str
    rest: str
    query: dict[str, str]
    body: dict[str, Any]
    record: Record
    git: pygit2.Repository
    tree_limit: int


@dataclass
class Reply:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def _must_have_commits(git: pygit2.Repository) -> None:
    if not list(git.references):
        raise Problem(409, "Git Repository is empty.")


def _get_ref(call: Call, name: str) -> Reply:
    """/rest/git/refs#get-a-reference"""
    _must_have_commits(call.git)
    ref = call.git.references.get(f"refs/heads/{name}")
    if ref is None:
        raise Problem(404, "Not Found")
    return Reply(200, _ref(ref.name, str(ref.target)))


def _ref(name: str, sha: str) -> dict[str, Any]:
    return {"ref": name, "object": {"type": "commit", "sha": sha}}


def _get_tag_ref(call: Call, name: str) -> Reply:
    """/rest/git/refs#get-a-reference, of a tag"""
    _must_have_commits(call.git)
    ref = call.git.references.get(f"refs/tags/{name}")
    if ref is None:
        raise Problem(404, "Not Found")
    kind = "tag" if isinstance(call.git[ref.target], pygit2.Tag) else "commit"
    body = {"ref": ref.name, "object": {"type": kind, "sha": str(ref.target)}}
    return Reply(200, body)


def _list_tags(call: Call, _: str) -> Reply:
    """/rest/repos/repos#list-repository-tags"""
    prefix = "refs/tags/"
    refs = [ref for ref in call.git.references if ref.startswith(prefix)]
    rows = [
        {
            "name": ref.removeprefix(prefix),
            "commit": {"sha": str(call.git.references[ref].peel(pygit2.Commit).id)},
        }
        for ref in refs
    ]
    page, size = int(call.query.get("page", "1")), int(call.query.get("per_page", "30"))
    link = {"link": '<https://github.test/next>; rel="next"'} if page * size < len(rows) else {}
    return Reply(200, rows[(page - 1) * size : page * size], link)


def _get_tag(call: Call, sha: str) -> Reply:
    """/rest/git/tags#get-a-tag"""
    found = call.git.get(sha)
    if not isinstance(found, pygit2.Tag):
        raise Problem(404, "Not Found")
    target = {"type": "commit", "sha": str(found.target)}
    return Reply(200, {"tag": found.name, "message": found.message, "object": target})


def _create_tag(call: Call, _: str) -> Reply:
    """/rest/git/tags#create-a-tag-object: the object only, no ref"""
    body = call.body
    text = (
        f"object {body['object']}\ntype commit\ntag {body['tag']}\n"
        f"tagger GitHub double <double@localhost> 0 +0000\n\n{body['message']}\n"
    )
    made = call.git.odb.write(pygit2.enums.ObjectType.TAG, text.encode())
    return Reply(201, {"sha": str(made)})


def _update_ref(call: Call, name: str) -> Reply:
    """/rest/git/refs#update-a-reference, never forced"""
    if name in call.record.protected:
        raise Problem(422, _PROTECTED)
    ref = call.git.references[f"refs/heads/{name}"]
    wanted = call.git[call.body["sha"]].peel(pygit2.Commit)
    if wanted.parents[0].id != ref.target:
        raise Problem(422, "Update is not a fast forward")
    try:
        ref.set_target(wanted.id)
    except (pygit2.GitError, OSError):
        raise Problem(422, "Update is not a fast forward") from None
    return Reply(200, _ref(ref.name, str(wanted.id)))


def _branch(call: Call, name: str) -> Reply:
    """/rest/branches/branches#get-a-branch"""
    if f"refs/heads/{name}" not in call.git.references:
        raise Problem(404, "Branch not found")
    required = call.record.required.get(name)
    checks = {"enforcement_level": "everyone", "contexts": required or []}
    protection = {"enabled": required is not None, "required_status_checks": checks}
    protected = required is not None or name in call.record.protected
    return Reply(200, {"name": name, "protected": protected, "protection": protection})


def _rules(call: Call, name: str) -> Reply:
    """/rest/repos/rules#get-rules-for-a-branch"""
    return Reply(200, [{"type": "pull_request"}] if name in call.record.protected else [])


def _commits(call: Call, _: str) -> Reply:
    """/rest/commits/commits#list-commits"""
    head = call.git.references.get(f"refs/heads/{call.query['sha']}")
    if head is None:
        raise Problem(404, "Not Found")
    rows = [{"sha": str(commit.id)} for commit in call.git.walk(head.target)]
    return Reply(200, rows[: int(call.query["per_page"])])


def _issue(call: Call, number: str) -> Reply:
    """/rest/issues/issues#get-an-issue"""
    found = call.record.issues.get(int(number))
    if found is None:
        raise Problem(404, "Not Found")
    return Reply(200, {"number": int(number), "state": found, "created_at": "2026-01-01T00:00:00Z"})


def _of_commit(call: Call, rest: str) -> Reply:
    sha, _, what = rest.partition("/")
    states = call.record.statuses.get(sha, {})
    if what == "status":
        # /rest/commits/statuses#get-the-combined-status-for-a-specific-reference
        rows = [{"context": name, "state": state} for name, state in states.items()]
        return Reply(200, {"state": "success", "statuses": rows})
    if what == "check-runs":
        # /rest/checks/runs#list-check-runs-for-a-git-reference
        return Reply(200, {"total_count": 0, "check_runs": []})
    return _pulls_of_commit(call, sha)


def _pulls_of_commit(call: Call, sha: str) -> Reply:
    """/rest/commits/commits#list-pull-requests-associated-with-a-commit"""
    return Reply(200, [pull for pull in call.record.pulls if pull["merge_commit_sha"] == sha])


def _create_ref(call: Call, _: str) -> Reply:
    """/rest/git/refs#create-a-reference"""
    try:
        call.git.references.create(call.body["ref"], call.body["sha"], force=False)
    except pygit2.AlreadyExistsError:
        raise Problem(422, "Reference already exists") from None
    return Reply(201, _ref(call.body["ref"], call.body["sha"]))


def _delete_ref(call: Call, name: str) -> Reply:
    """/rest/git/refs#delete-a-reference"""
    if f"refs/heads/{name}" not in call.git.references:
        raise Problem(422, "Reference does not exist")
    call.git.references.delete(f"refs/heads/{name}")
    return Reply(204, None)


def _get_blob(call: Call, sha: str) -> Reply:
    """/rest/git/blobs#get-a-blob: base64 in lines"""
    found = call.git.get(sha) if len(sha) == 40 else None
    if not isinstance(found, pygit2.Blob):
        raise Problem(404, "Not Found")
    content = encodebytes(found.data).decode()
    return Reply(200, {"sha": sha, "size": found.size, "encoding": "base64", "content": content})


def _create_blob(call: Call, _: str) -> Reply:
    """/rest/git/blobs#create-a-blob"""
    _must_have_commits(call.git)
    return Reply(201, {"sha": str(call.git.create_blob(b64decode(call.body["content"])))})


def _get_tree(call: Call, sha: str) -> Reply:
    """/rest/git/trees#get-a-tree: the tree's own SHA; truncated, and no pages"""
    _must_have_commits(call.git)
    found = call.git.get(sha) if len(sha) == 40 else None
    if found is None:
        raise Problem(404, "Not Found")
    tree = found.peel(pygit2.Tree)
    recursive = "recursive" in call.query
    rows = list(_rows(tree, "", recursive))
    cut = recursive and len(rows) > call.tree_limit
    body = {"sha": str(tree.id), "tree": rows[: call.tree_limit] if cut else rows, "truncated": cut}
    return Reply(200, body)


def _rows(tree: pygit2.Tree, prefix: str, recursive: bool) -> Iterator[dict[str, Any]]:
    for item in tree:
        path = f"{prefix}{item.name}"
        row: dict[str, Any] = {"path": path, "mode": f"{item.filemode:06o}", "sha": str(item.id)}
        if isinstance(item, pygit2.Blob):
            row["size"] = item.size
        yield row
        if recursive and isinstance(item, pygit2.Tree):
            yield from _rows(item, f"{path}/", recursive=True)


def _create_tree(call: Call, _: str) -> Reply:
    """/rest/git/trees#create-a-tree"""
    index = pygit2.Index()
    index.read_tree(call.git[call.body["base_tree"]].peel(pygit2.Tree))
    for row in call.body["tree"]:
        mode = FileMode(int(row["mode"], 8))
        index.add(pygit2.IndexEntry(row["path"], pygit2.Oid(hex=row["sha"]), mode))
    return Reply(201, {"sha": str(index.write_tree(call.git))})


def _create_commit(call: Call, _: str) -> Reply:
    """/rest/git/commits#create-a-commit"""
    made = call.git.create_commit(
        None, SIGNATURE, SIGNATURE, call.body["message"], call.body["tree"], call.body["parents"]
    )
    return Reply(201, {"sha": str(made)})


def _put_contents(call: Call, path: str) -> Reply:
    """/rest/repos/contents#create-or-update-file-contents; the order is digital-twins#400's"""
    git, branch = call.git, call.body["branch"]
    ref = git.references.get(f"refs/heads/{branch}")
    if ref is None:
        raise Problem(404, f"Branch {branch} not found")
    if branch in call.record.protected:
        raise Problem(409, _PROTECTED)
    parent = ref.peel(pygit2.Commit)
    here = lookup(parent.tree, path)
    given = call.body.get("sha")
    if here is not None and given is None:
        raise Problem(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if here is not None and str(here.id) != given:
        raise Problem(409, f"{path} does not match {given}")
    index = pygit2.Index()
    index.read_tree(parent.tree)
    blob = git.create_blob(b64decode(call.body["content"]))
    index.add(pygit2.IndexEntry(path, blob, FileMode.BLOB))
    tree = index.write_tree(git)
    made = git.create_commit(None, SIGNATURE, SIGNATURE, call.body["message"], tree, [parent.id])
    try:
        ref.set_target(made)
    except (pygit2.GitError, OSError):
        now = git.references[ref.name].target
        raise Problem(409, f"is at {now} but expected {parent.id}") from None
    return Reply(
        201 if here is None else 200,
        {"content": {"path": path, "sha": str(blob)}, "commit": {"sha": str(made)}},
    )


def lookup(tree: pygit2.Tree, path: str) -> pygit2.Object | None:
    """What stands at ``path``."""
    try:
        return tree[path]
    except KeyError:
        return None


def _list_pulls(call: Call, _: str) -> Reply:
    """/rest/pulls/pulls#list-pull-requests"""
    wanted = call.query
    rows = [
        pull
        for pull in call.record.pulls
        if pull["state"] == wanted.get("state", "open")
        and wanted.get("base") in (None, pull["base"]["ref"])
    ]
    return Reply(200, rows)


def _create_pull(call: Call, _: str) -> Reply:
    """/rest/pulls/pulls#create-a-pull-request"""
    record, body = call.record, call.body
    full_name = f"{record.owner}/{record.name}"
    ends = [(pull["head"]["ref"], pull["base"]["ref"]) for pull in record.pulls if _is_open(pull)]
    if (body["head"], body["base"]) in ends:
        text = f"A pull request already exists for {record.owner}:{body['head']}."
        error = {"resource": "PullRequest", "code": "custom", "message": text}
        raise Problem(422, "Validation Failed", [error])
    number = len(record.pulls) + 1
    pull = {
        "number": number,
        "html_url": f"https://github.test/{full_name}/pull/{number}",
        "state": "open",
        "title": body["title"],
        "merged_at": None,
        "merge_commit_sha": None,
        "labels": [],
        "head": {"ref": body["head"], "repo": {"full_name": full_name}},
        "base": {"ref": body["base"], "repo": {"full_name": full_name}},
    }
    record.pulls.append(pull)
    return Reply(201, pull)


def _is_open(pull: dict[str, Any]) -> bool:
    return bool(pull["state"] == "open")


def _update_pull(call: Call, number: str) -> Reply:
    """/rest/pulls/pulls#update-a-pull-request"""
    pull = call.record.pulls[int(number) - 1]
    pull["state"] = call.body["state"]
    return Reply(200, pull)


def _comment(call: Call, rest: str) -> Reply:
    """/rest/issues/comments#create-an-issue-comment"""
    call.record.comments.append((int(rest.removesuffix("/comments")), call.body["body"]))
    return Reply(201, {"id": len(call.record.comments)})


READS: dict[tuple[str, str], Callable[[Call, str], Reply]] = {
    ("GET", "git/ref/heads/"): _get_ref,
    ("GET", "git/ref/tags/"): _get_tag_ref,
    ("GET", "git/tags/"): _get_tag,
    ("GET", "tags"): _list_tags,
    ("GET", "commits/"): _of_commit,
    ("GET", "commits"): _commits,
    ("GET", "branches/"): _branch,
    ("GET", "rules/branches/"): _rules,
    ("GET", "issues/"): _issue,
    ("GET", "git/trees/"): _get_tree,
    ("GET", "git/blobs/"): _get_blob,
    ("GET", "pulls"): _list_pulls,
}
WRITES: dict[tuple[str, str], Callable[[Call, str], Reply]] = {
    ("PUT", "contents/"): _put_contents,
    ("POST", "git/blobs"): _create_blob,
    ("POST", "git/trees"): _create_tree,
    ("POST", "git/commits"): _create_commit,
    ("POST", "git/tags"): _create_tag,
    ("POST", "git/refs"): _create_ref,
    ("PATCH", "git/refs/heads/"): _update_ref,
    ("DELETE", "git/refs/heads/"): _delete_ref,
    ("POST", "pulls"): _create_pull,
    ("PATCH", "pulls/"): _update_pull,
    ("POST", "issues/"): _comment,
}
