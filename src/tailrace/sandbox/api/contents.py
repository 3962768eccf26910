"""Files: read, raw, and written with compare-and-swap."""

from __future__ import annotations

import base64
import binascii
from email.utils import formatdate
from typing import Any

import msgspec
import pygit2
from starlette.responses import Response

from tailrace.sandbox import gitwork
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found, plain
from tailrace.sandbox.gitwork import Change, HeadMoved, Person
from tailrace.sandbox.records import Repository
from tailrace.sandbox.webhooks import announce_push


class _Person(msgspec.Struct):
    name: str = ""
    email: str = ""


class _Edit(msgspec.Struct):
    content: str = ""
    message: str = ""
    branch: str = ""
    new_branch: str = ""
    sha: str = ""
    author: _Person | None = None
    committer: _Person | None = None


class _File(msgspec.Struct):
    path: str
    operation: str
    content: str = ""
    sha: str = ""


class _Many(msgspec.Struct):
    files: list[_File]
    message: str = ""
    branch: str = ""
    new_branch: str = ""
    author: _Person | None = None
    committer: _Person | None = None


async def show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/contents/{path}: an object for a file, a list for a folder."""
    found = call.repository()
    git = call.store.git(found)
    path = call.param("path") if "path" in call.request.path_params else ""
    ref = call.query("ref")
    at = gitwork.commit_of(gitwork.resolve(git, ref or found.default_branch))
    if at is None:
        if not ref and gitwork.is_empty(git):
            # Recorded: an empty repository has an empty listing at any path.
            return answer(200, [])
        missing = f"object does not exist [id: {ref}, rel_path: ]"
        raise Refused(404, "GetContentsOrList", errors=[missing])
    item: pygit2.Object | None = gitwork.lookup(at.tree, path) if path else at.tree
    if item is None:
        missing = f"object does not exist [id: , rel_path: {path}]"
        raise Refused(404, "GetContentsOrList", errors=[missing])
    name = ref or found.default_branch
    if isinstance(item, pygit2.Tree):
        prefix = f"{path}/" if path else ""
        rows = [
            shapes.content(call, found, name, at, f"{prefix}{child.name}", child, listed=True)
            for child in item
        ]
        return answer(200, rows)
    return answer(200, shapes.content(call, found, name, at, path, item))


async def raw(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/raw/{path}: the ETag is the blob's SHA-1."""
    found = call.repository()
    git = call.store.git(found)
    at = gitwork.commit_of(gitwork.resolve(git, call.query("ref") or found.default_branch))
    item = gitwork.lookup(at.tree, call.param("path")) if at else None
    if at is None or not isinstance(item, pygit2.Blob):
        raise not_found()
    etag = f'"{item.id}"'
    headers = {"etag": etag, "last-modified": formatdate(at.commit_time, usegmt=True)}
    if call.request.headers.get("if-none-match") == etag:
        return Response(None, 304, headers)
    headers["content-type"] = "text/plain; charset=utf-8"
    return Response(item.data, 200, headers)


async def create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/contents/{path}."""
    return await _edit(call, "create", 201)


async def update(call: Call) -> Response:
    """PUT /repos/{owner}/{repo}/contents/{path}."""
    return await _edit(call, "update", 200)


async def delete(call: Call) -> Response:
    """DELETE /repos/{owner}/{repo}/contents/{path}."""
    return await _edit(call, "delete", 200)


async def _edit(call: Call, operation: str, good: int) -> Response:
    found = call.repository()
    edit: _Edit = await call.body(_Edit)
    file = _File(call.param("path"), operation, edit.content, edit.sha)
    if operation != "create" and not edit.sha:
        call.writable()
        raise Refused(422, "[SHA]: Required")
    made, written = await _commit(call, found, [file], edit)
    body: dict[str, Any] = {
        "content": written[0],
        "commit": shapes.file_commit(call, found, made),
        "verification": shapes.UNSIGNED,
    }
    return answer(good, body)


async def many(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/contents: several files, one commit."""
    found = call.repository()
    edit: _Many = await call.body(_Many)
    made, written = await _commit(call, found, edit.files, edit)
    body = {
        "files": written,
        "commit": shapes.file_commit(call, found, made),
        "verification": shapes.UNSIGNED,
    }
    return answer(201, body)


async def _commit(
    call: Call, found: Repository, files: list[_File], edit: _Edit | _Many
) -> tuple[pygit2.Commit, list[dict[str, Any] | None]]:
    base = edit.branch or found.default_branch
    target = edit.new_branch or base
    call.writable(target)
    git = call.store.git(found)
    head = gitwork.head_of(git, base)
    if head is None and not gitwork.is_empty(git):
        raise plain(404, f"branch does not exist [name: {base}]")
    if edit.new_branch and gitwork.head_of(git, edit.new_branch) is not None:
        raise Refused(422, f"branch already exists [name: {edit.new_branch}]")
    at = gitwork.commit_of(git[head]) if head else None
    changes = [_change(found, file, at) for file in files]
    # Writers really overlap here: what was read above may be old by now.
    await call.before_commit()
    tree = gitwork.write_tree(git, at.tree if at else None, changes)
    author, committer = _people(call, edit)
    expected = None if edit.new_branch else head
    try:
        sha = gitwork.commit(
            git,
            target,
            expected,
            tree,
            edit.message or f"{files[0].operation.capitalize()} {files[0].path}",
            author,
            committer,
            parents=[head] if head else [],
        )
    except HeadMoved as moved:
        raise Refused(500, _push_rejected(call, found, target, moved)) from moved
    call.store.touch(found)
    await announce_push(call, found, target, expected, sha)
    made = git[sha].peel(pygit2.Commit)
    written: list[dict[str, Any] | None] = []
    for file in files:
        item = gitwork.lookup(made.tree, file.path)
        written.append(
            None if item is None else shapes.content(call, found, target, made, file.path, item)
        )
    return made, written


def _change(found: Repository, file: _File, at: pygit2.Commit | None) -> Change:
    path = file.path
    parts = path.split("/")
    if ".." in parts:
        # Recorded: Gitea leaves this to git, which dies of it.
        raise Refused(
            500,
            "UpdateRepoFile: Unable to run git ls-files for temporary repo of:"
            f" {found.full_name} Error: exit status 128\nstdout: \nstderr: fatal:"
            f" {path}: '{path}' is outside repository at"
            " '/data/gitea/data/tmp/local-repo/upload.git1/.'\n",
        )
    if not path or any(part.lower() in ("", ".", ".git") for part in parts):
        raise Refused(422, f"path contains a malformed path component [path: {path}]")
    item = gitwork.lookup(at.tree, path) if at else None
    if file.operation == "create":
        if item is not None:
            raise Refused(422, f"repository file already exists [path: {path}]")
        return Change(path, _decoded(file.content))
    if item is None:
        missing = path if len(parts) == 1 else parts[0]
        raise Refused(500, f"object does not exist [id: , rel_path: {missing}]")
    if str(item.id) != file.sha:
        status = 400 if file.operation == "delete" else 422
        raise Refused(status, f"sha does not match [given: {file.sha}, expected: {item.id}]")
    if file.operation == "delete":
        return Change(path, None)
    return Change(path, _decoded(file.content))


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(422, "illegal base64 data at input byte 0") from error


def _people(call: Call, edit: _Edit | _Many) -> tuple[Person, Person]:
    user = call.login()
    own = Person(user.login, user.email)
    author, committer = edit.author, edit.committer
    first = Person(author.name, author.email) if author and author.email else own
    second = Person(committer.name, committer.email) if committer and committer.email else first
    return first, second


def _push_rejected(call: Call, found: Repository, branch: str, moved: HeadMoved) -> str:
    """The words of git, thrice, as Gitea passes them on."""
    path = call.store.path(found.owner, found.name)
    said = (
        f"remote: error: cannot lock ref 'refs/heads/{branch}': is at {moved.now}"
        f" but expected {moved.expected}        \nTo {path}\n ! [remote rejected]"
        f" {moved.expected} -> {branch} (failed to update ref)\n"
        f"error: failed to push some refs to '{path}'\n"
    )
    return f"PushRejected Error: exit status 1 - {said} - {said}: {said}\n"
