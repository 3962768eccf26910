"""Tags, made and read (Gitea 1.22's API description; not among the recorded exchanges)."""

from __future__ import annotations

from typing import Any

import msgspec
import pygit2
from pygit2.enums import ObjectType
from starlette.responses import Response

from tailrace.sandbox import gitwork
from tailrace.sandbox.api.call import Call, Refused, answer, not_found
from tailrace.sandbox.gitwork import Person
from tailrace.sandbox.records import Repository


class _Wanted(msgspec.Struct):
    tag_name: str
    target: str = ""
    message: str = ""


async def create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/tags."""
    found = call.writable()
    wanted: _Wanted = await call.body(_Wanted)
    git = call.store.git(found)
    reference = f"refs/tags/{wanted.tag_name}"
    if not pygit2.reference_is_valid_name(reference):
        raise Refused(422, "[TagName]: GitRefName")
    if reference in git.references:
        raise Refused(409, f"tag already exists [name: {wanted.tag_name}]")
    commit = gitwork.commit_of(gitwork.resolve(git, wanted.target or found.default_branch))
    if commit is None:
        raise Refused(404, "target not found")
    # Writers really overlap here, as they do for commits.
    await call.before_commit()
    try:
        if wanted.message:
            user = call.login()
            who = Person(user.login, user.email).signature()
            git.create_tag(wanted.tag_name, commit.id, ObjectType.COMMIT, who, wanted.message)
        else:
            git.references.create(reference, commit.id, force=False)
    except (pygit2.AlreadyExistsError, pygit2.GitError, ValueError) as error:
        said = f"exit status 128 - fatal: tag '{wanted.tag_name}' already exists"
        raise Refused(500, said) from error
    return answer(201, _tag(call, found, git, wanted.tag_name))


async def show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/tags/{tag}."""
    found = call.repository()
    git = call.store.git(found)
    name = call.param("tag")
    if not pygit2.reference_is_valid_name(f"refs/tags/{name}"):
        raise not_found()
    if f"refs/tags/{name}" not in git.references:
        raise not_found()
    return answer(200, _tag(call, found, git, name))


async def listed(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/tags, a page of them."""
    found = call.repository()
    git = call.store.git(found)
    prefix = "refs/tags/"
    names = sorted(ref.removeprefix(prefix) for ref in git.references if ref.startswith(prefix))
    page, headers = call.page(names)
    return answer(200, [_tag(call, found, git, name) for name in page], headers)


def _tag(call: Call, found: Repository, git: pygit2.Repository, name: str) -> dict[str, Any]:
    reference = git.references[f"refs/tags/{name}"]
    target, commit = git[reference.target], reference.peel(pygit2.Commit)
    # Without a message of its own a tag is shown with its commit's.
    message = target.message if isinstance(target, pygit2.Tag) else commit.message
    url = f"{call.base}/{found.full_name}/archive/{name}"
    return {
        "name": name,
        "message": (message or "").strip(),
        "id": str(target.id),
        "commit": {
            "url": f"{call.api}/repos/{found.full_name}/git/commits/{commit.id}",
            "sha": str(commit.id),
            "created": gitwork.iso(commit.commit_time),
        },
        "zipball_url": f"{url}.zip",
        "tarball_url": f"{url}.tar.gz",
    }
