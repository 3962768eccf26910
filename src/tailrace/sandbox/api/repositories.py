"""Repositories: one, an owner's, by topic, new, renamed, archived, gone."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from tailrace.errors import ConfigurationError
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found
from tailrace.sandbox.records import Repository


class _New(msgspec.Struct):
    name: str
    private: bool = False
    default_branch: str = "main"


class _Edit(msgspec.Struct):
    name: str | None = None
    archived: bool | None = None
    private: bool | None = None
    default_branch: str | None = None


class _Topics(msgspec.Struct):
    topics: list[str]


def _visible(call: Call, owner: str | None = None) -> list[Repository]:
    found = []
    for repository in call.store.state.repositories:
        mine = owner is None or repository.owner.lower() == owner.lower()
        if mine and call.rank(repository) >= 1:
            call.store.settle(repository)
            found.append(repository)
    return found


def _listed(call: Call, found: list[Repository]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    page, headers = call.page(found)
    return [shapes.repository(call, repository) for repository in page], headers


async def show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}."""
    return answer(200, shapes.repository(call, call.repository()))


async def edit(call: Call) -> Response:
    """PATCH /repos/{owner}/{repo}."""
    found = call.administered()
    wanted = await call.body(_Edit)
    if wanted.name is not None and wanted.name != found.name:
        try:
            found = call.store.rename(found.owner, found.name, wanted.name)
        except ConfigurationError as error:
            raise Refused(422, str(error)) from error
    if wanted.archived is not None:
        found.archived = wanted.archived
    if wanted.private is not None:
        found.private = wanted.private
    if wanted.default_branch is not None:
        call.store.git(found).set_head(f"refs/heads/{wanted.default_branch}")
        found.default_branch = wanted.default_branch
    call.store.state.repositories.put(found)
    return answer(200, shapes.repository(call, found))


async def remove(call: Call) -> Response:
    """DELETE /repos/{owner}/{repo}."""
    found = call.administered()
    call.store.delete(found.owner, found.name)
    return answer(204, None)


async def of_organisation(call: Call) -> Response:
    """GET /orgs/{owner}/repos."""
    owner = call.store.user(call.param("owner"))
    if owner is None or not owner.organisation:
        missing = f"user redirect does not exist [name: {call.param('owner')}]"
        raise Refused(404, "GetOrgByName", errors=[missing])
    return answer(200, *_listed(call, _visible(call, owner.login)))


async def of_user(call: Call) -> Response:
    """GET /users/{owner}/repos."""
    owner = call.store.user(call.param("owner"))
    if owner is None:
        missing = f"user redirect does not exist [name: {call.param('owner')}]"
        raise Refused(404, "GetUserByName", errors=[missing])
    return answer(200, *_listed(call, _visible(call, owner.login)))


async def search(call: Call) -> Response:
    """GET /repos/search: by topic (exactly) or by a part of the name."""
    text = call.query("q").lower()
    by_topic = call.query("topic") == "true"
    found = [
        repository
        for repository in _visible(call)
        if (text in repository.topics if by_topic else text in repository.name.lower())
    ]
    page, headers = _listed(call, found)
    return answer(200, {"ok": True, "data": page}, headers)


async def create_in_organisation(call: Call) -> Response:
    """POST /orgs/{owner}/repos."""
    call.login()
    return await _create(call, call.param("owner"))


async def create_own(call: Call) -> Response:
    """POST /user/repos."""
    return await _create(call, call.login().login)


async def _create(call: Call, owner: str) -> Response:
    wanted = await call.body(_New)
    try:
        found = call.store.create_repository(
            owner, wanted.name, private=wanted.private, default_branch=wanted.default_branch
        )
    except ConfigurationError as error:
        if call.store.find(owner, wanted.name) is None:
            raise Refused(422, str(error)) from error
        raise Refused(409, "The repository with the same name already exists.") from error
    return answer(201, shapes.repository(call, found))


async def topics(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/topics."""
    found = call.repository()
    return answer(200, {"topics": found.topics}, {"x-total-count": str(len(found.topics))})


async def set_topics(call: Call) -> Response:
    """PUT /repos/{owner}/{repo}/topics."""
    found = call.administered()
    found.topics = (await call.body(_Topics)).topics
    call.store.state.repositories.put(found)
    return answer(204, None)


async def collaborator_add(call: Call) -> Response:
    """PUT /repos/{owner}/{repo}/collaborators/{login}."""
    found = call.administered()
    user = call.store.user(call.param("login"))
    if user is None:
        raise not_found()
    wanted = await call.body(dict[str, str])
    permission = wanted.get("permission", "write")
    call.store.collaborate(found.owner, found.name, user.login, permission)
    return answer(204, None)


async def collaborator_permission(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/collaborators/{login}/permission."""
    found = call.administered()
    user = call.store.user(call.param("login"))
    if user is None:
        raise not_found()
    permission = found.collaborators.get(user.login, "none")
    shown = shapes.user(call, user)
    return answer(200, {"permission": permission, "role_name": permission, "user": shown})
