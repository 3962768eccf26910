"""Branch protection, webhooks, and the Actions calls of this version."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from tailrace.sandbox.api.call import Call, answer, not_found
from tailrace.sandbox.records import Hook, Protection, Secret

#: A rule's fields as Gitea answers them, with its defaults.
_RULE: dict[str, Any] = {
    "branch_name": "",
    "rule_name": "",
    "enable_push": False,
    "enable_push_whitelist": False,
    "push_whitelist_usernames": [],
    "push_whitelist_teams": [],
    "push_whitelist_deploy_keys": False,
    "enable_merge_whitelist": False,
    "merge_whitelist_usernames": [],
    "merge_whitelist_teams": [],
    "enable_status_check": False,
    "status_check_contexts": [],
    "required_approvals": 0,
    "enable_approvals_whitelist": False,
    "approvals_whitelist_username": [],
    "approvals_whitelist_teams": [],
    "block_on_rejected_reviews": False,
    "block_on_official_review_requests": False,
    "block_on_outdated_branch": False,
    "dismiss_stale_approvals": False,
    "require_signed_commits": False,
    "protected_file_patterns": "",
    "unprotected_file_patterns": "",
    "created_at": "",
    "updated_at": "",
}


class _NewHook(msgspec.Struct):
    config: dict[str, str]
    events: list[str] = []


def _shape(protection: Protection) -> dict[str, Any]:
    return {**_RULE, **protection.rule}


async def protection_create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/branch_protections."""
    found = call.administered()
    wanted = await call.body(dict[str, Any])
    now = call.store.now()
    known = {key: value for key, value in wanted.items() if key in _RULE}
    name = known.get("rule_name") or known.get("branch_name", "")
    rule = {**known, "rule_name": name, "branch_name": known.get("branch_name") or name}
    rule |= {"created_at": now, "updated_at": now}
    protections = call.store.state.protections
    made = protections.put(Protection(id=protections.next_id(), repository=found.id, rule=rule))
    return answer(201, _shape(made))


async def protection_list(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/branch_protections."""
    found = call.administered()
    mine = [p for p in call.store.state.protections if p.repository == found.id]
    return answer(200, [_shape(protection) for protection in mine])


async def protection_show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/branch_protections/{name}."""
    protection = call.protection(call.administered(), call.param("name"))
    if protection is None:
        raise not_found()
    return answer(200, _shape(protection))


async def hook_create(call: Call) -> Response:
    """POST /repos/{owner}/{repo}/hooks."""
    found = call.administered()
    return await _hook(call, found.owner, found.id)


async def organisation_hook_create(call: Call) -> Response:
    """POST /orgs/{owner}/hooks."""
    call.login()
    return await _hook(call, call.param("owner"), None)


async def _hook(call: Call, owner: str, repository: int | None) -> Response:
    wanted: _NewHook = await call.body(_NewHook)
    now = call.store.now()
    hooks = call.store.state.hooks
    made = hooks.put(
        Hook(
            id=hooks.next_id(),
            owner=owner,
            repository=repository,
            url=wanted.config.get("url", ""),
            events=wanted.events,
            secret=wanted.config.get("secret", ""),
            created_at=now,
        )
    )
    body = {
        "id": made.id,
        "type": "gitea",
        "branch_filter": "",
        "config": {"content_type": "json", "url": made.url},
        "events": made.events,
        "authorization_header": "",
        "active": True,
        "updated_at": now,
        "created_at": now,
    }
    return answer(201, body)


async def secret_put(call: Call) -> Response:
    """PUT /repos/{owner}/{repo}/actions/secrets/{name}."""
    found = call.administered()
    secrets = call.store.state.secrets
    secrets.put(Secret(id=secrets.next_id(), repository=found.id, name=call.param("name")))
    return answer(201, None)
