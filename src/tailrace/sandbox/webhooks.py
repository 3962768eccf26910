"""Webhook deliveries, signed as recorded."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tailrace.sandbox.records import Hook, Repository

if TYPE_CHECKING:
    from tailrace.sandbox.api.call import Call


def signature_headers(event: str, raw: bytes, secret: str) -> dict[str, str]:
    """The headers of one delivery: the event under four names, and the HMACs of the raw body."""
    sha256 = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    sha1 = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    delivery = str(uuid.uuid4())
    headers = {"Content-Type": "application/json", "User-Agent": "Go-http-client/1.1"}
    for vendor in ("GitHub", "Gitea", "Gogs"):
        headers[f"X-{vendor}-Delivery"] = delivery
        headers[f"X-{vendor}-Event"] = event
        headers[f"X-{vendor}-Event-Type"] = event
    headers["X-Gitea-Signature"] = sha256
    headers["X-Gogs-Signature"] = sha256
    headers["X-Hub-Signature"] = f"sha1={sha1}"
    headers["X-Hub-Signature-256"] = f"sha256={sha256}"
    return headers


async def announce_push(
    call: Call, found: Repository, branch: str, before: str | None, after: str
) -> None:
    """Tell every hook that listens for pushes that a branch moved."""
    from tailrace.sandbox.api import shapes

    hooks = listeners(call, found, "push")
    if not hooks:
        return
    made = call.store.git(found)[after]
    head = shapes.branch_commit(call, found, made)  # type: ignore[arg-type]
    who = shapes.user(call, call.user)
    old = before or "0" * 40
    payload = {
        "ref": f"refs/heads/{branch}",
        "before": old,
        "after": after,
        "compare_url": f"{call.base}/{found.full_name}/compare/{old}...{after}",
        "commits": [head],
        "total_commits": 1,
        "head_commit": head,
        "repository": shapes.repository(call, found),
        "pusher": who,
        "sender": who,
    }
    await deliver(hooks, "push", payload)


def listeners(call: Call, found: Repository, event: str) -> list[Hook]:
    """The hooks of a repository and of its owner that want ``event``."""
    return [
        hook
        for hook in call.store.state.hooks
        if event in hook.events
        and (
            hook.repository == found.id
            or (hook.repository is None and hook.owner.lower() == found.owner.lower())
        )
    ]


async def deliver(hooks: list[Hook], event: str, payload: Mapping[str, Any]) -> None:
    """Send the deliveries; a receiver that is not there is its own affair, as on a real forge."""
    raw = msgspec.json.encode(payload)
    await asyncio.gather(*(_post(hook, event, raw) for hook in hooks))


async def _post(hook: Hook, event: str, raw: bytes) -> None:
    import aiohttp

    headers = signature_headers(event, raw, hook.secret)
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(hook.url, data=raw, headers=headers, allow_redirects=False),
        ):
            return
    except (aiohttp.ClientError, TimeoutError, OSError):
        # Gitea records a failed delivery and answers the push all the same.
        return
