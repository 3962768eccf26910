"""What a server says of itself, its users and its organisations."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from starlette.responses import Response

from tailrace.errors import ConfigurationError
from tailrace.sandbox.api import shapes
from tailrace.sandbox.api.call import Call, Refused, answer, not_found
from tailrace.sandbox.records import Team, Token

#: What the recorded server was; the sandbox says that it is none of its own kind.
VERSION = "1.22.6+tailrace-sandbox"
_AREAS = ["activitypub", "admin", "issue", "misc", "notification"]
_AREAS += ["organization", "package", "repository", "user"]
_SCOPES = {f"{verb}:{area}" for verb in ("read", "write") for area in _AREAS} | {"all"}


#: What a team of owners may see, in the recorded order.
_UNITS = ["ext_wiki", "projects", "ext_issues", "pulls", "releases"]
_UNITS += ["wiki", "packages", "actions", "code", "issues"]


class _NewOrganisation(msgspec.Struct):
    username: str
    visibility: str = "public"


class _NewToken(msgspec.Struct):
    name: str
    scopes: list[str] = []


class _NewTeam(msgspec.Struct):
    name: str
    permission: str = "read"
    units: list[str] = []


async def version(call: Call) -> Response:
    """GET /version."""
    return answer(200, {"version": VERSION})


async def settings(call: Call) -> Response:
    """GET /settings/api."""
    body = {
        "max_response_items": 50,
        "default_paging_num": 30,
        "default_git_trees_per_page": 1000,
        "default_max_blob_size": 10485760,
    }
    return answer(200, body)


async def user(call: Call) -> Response:
    """GET /user."""
    return answer(200, shapes.user(call, call.login()))


async def token_create(call: Call) -> Response:
    """POST /users/{login}/tokens."""
    if call.login().login != call.param("login"):
        raise not_found()
    wanted: _NewToken = await call.body(_NewToken)
    for scope in wanted.scopes:
        if scope not in _SCOPES:
            raise Refused(
                400,
                f"invalid access token scope provided: invalid access token scope: {scope}",
            )
    tokens = call.store.state.tokens
    made = tokens.put(
        Token(
            id=tokens.next_id(),
            sha1=secrets.token_hex(20),
            login=call.login().login,
            name=wanted.name,
            scopes=wanted.scopes,
        )
    )
    body = {
        "id": made.id,
        "name": made.name,
        "sha1": made.sha1,
        "token_last_eight": made.sha1[-8:],
        # Recorded: this version does not repeat them.
        "scopes": None,
    }
    return answer(201, body)


async def organisation_create(call: Call) -> Response:
    """POST /orgs."""
    call.login()
    wanted: _NewOrganisation = await call.body(_NewOrganisation)
    if call.store.user(wanted.username) is not None:
        raise Refused(422, f"user already exists [name: {wanted.username}]")
    try:
        made = call.store.add_organisation(wanted.username)
    except ConfigurationError as error:
        raise Refused(422, str(error)) from error
    return answer(201, shapes.organisation(call, made))


async def teams(call: Call) -> Response:
    """GET /orgs/{owner}/teams."""
    owner = call.param("owner")
    mine = [team for team in call.store.state.teams if team.organisation == owner]
    if not any(team.name == "Owners" for team in mine):
        units = [f"repo.{unit}" for unit in _UNITS]
        number = call.store.state.teams.next_id()
        owners = Team(id=number, organisation=owner, name="Owners", permission="owner", units=units)
        mine.insert(0, call.store.state.teams.put(owners))
    page, headers = call.page([_team(call, team, listed=True) for team in mine])
    return answer(200, page, headers)


async def team_create(call: Call) -> Response:
    """POST /orgs/{owner}/teams."""
    call.login()
    wanted: _NewTeam = await call.body(_NewTeam)
    made = call.store.state.teams.put(
        Team(
            id=call.store.state.teams.next_id(),
            organisation=call.param("owner"),
            name=wanted.name,
            permission=wanted.permission,
            units=wanted.units,
        )
    )
    return answer(201, _team(call, made, listed=False))


def _team(call: Call, team: Team, *, listed: bool) -> dict[str, Any]:
    owner = call.store.user(team.organisation)
    owns = team.permission == "owner"
    return {
        "id": team.id,
        "name": team.name,
        "description": "",
        "organization": None if listed or owner is None else shapes.organisation(call, owner),
        "includes_all_repositories": owns,
        "permission": team.permission,
        "units": team.units,
        "units_map": dict.fromkeys(team.units, team.permission),
        "can_create_org_repo": owns,
    }


def _find_team(call: Call) -> Team:
    number = call.param("id")
    team = call.store.state.teams.get(int(number)) if number.isdecimal() else None
    if team is None:
        raise not_found()
    return team


async def team_members(call: Call) -> Response:
    """GET /teams/{id}/members."""
    members = [shapes.user(call, call.store.user(login)) for login in _find_team(call).members]
    page, headers = call.page(members)
    return answer(200, page, headers)


async def team_member(call: Call) -> Response:
    """GET /teams/{id}/members/{login}."""
    login = call.param("login")
    if login not in _find_team(call).members:
        raise not_found()
    return answer(200, shapes.user(call, call.store.user(login)))


async def team_member_add(call: Call) -> Response:
    """PUT /teams/{id}/members/{login}."""
    call.login()
    team, login = _find_team(call), call.param("login")
    if call.store.user(login) is None:
        raise not_found()
    if login not in team.members:
        team.members = [*team.members, login]
        call.store.state.teams.put(team)
    return answer(204, None)
