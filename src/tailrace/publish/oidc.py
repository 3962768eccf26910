"""Trusted publishing: the runner's identity for a token of the index that lives for minutes.

PyPI's documentation, Trusted publishers, Internals: audience, identity token, mint-token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp
import msgspec

from tailrace.errors import NotPublished
from tailrace.index.base import IndexUnreachable
from tailrace.wire import proxy_of, shown

_LIMIT = 64 * 1024
_TIMEOUT = 30.0


class NoTrustedPublishing(NotPublished):
    """An index that answers, and not as one with trusted publishing does."""


class _Audience(msgspec.Struct):
    audience: str


class _Problem(msgspec.Struct):
    code: str = ""
    description: str = ""


class _Minted(msgspec.Struct):
    success: bool = False
    token: str = ""
    message: str = ""
    errors: list[_Problem] = []


def is_offered(environ: Mapping[str, str]) -> bool:
    """Whether this runner can say who it is (`id-token: write` on GitHub; GitLab's variable)."""
    return bool(environ.get("ACTIONS_ID_TOKEN_REQUEST_URL") or environ.get("PYPI_ID_TOKEN"))


async def mint(upload_url: str) -> str | None:
    """A token for uploads; None where the index knows no trusted publishing (404).

    Raises `NotPublished` where the index does not trust this run, `NoTrustedPublishing` where it
    answers the question for its audience with something else, `IndexUnreachable`.
    """
    parts = urlsplit(upload_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_of(upload_url),
    ) as session:
        status, body = await _call(session, "GET", f"{origin}/_/oidc/audience", None)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            return None
        try:
            audience = msgspec.json.decode(body, type=_Audience).audience
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NoTrustedPublishing(
                f"{origin}: answers {status} to the question for its audience"
                "\n  next: set the index's token instead of trusted publishing"
            ) from error
        identity = await asyncio.to_thread(_identity, audience)
        sent = msgspec.json.encode({"token": identity})
        status, body = await _call(session, "POST", f"{origin}/_/oidc/mint-token", sent)
    try:
        minted = msgspec.json.decode(body, type=_Minted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        minted = _Minted()
    if status != HTTPStatus.OK or not minted.token:
        why = "; ".join(f"{p.code}: {p.description}" for p in minted.errors) or minted.message
        raise NotPublished(
            f"{origin}: does not trust this run ({status} {shown(why, 200)})"
            "\n  next: add this repository and workflow as a trusted publisher there"
        )
    return minted.token


def _identity(audience: str) -> str:
    import id as identities

    try:
        found = identities.detect_credential(audience)
    except identities.IdentityError as error:
        raise NotPublished(
            f"the runner gives no identity: {shown(str(error), 200)}"
            "\n  next: give the job `permissions: id-token: write`"
        ) from error
    if found is None:
        raise NotPublished(
            "the runner offers an identity and gives none"
            "\n  next: set the index's token instead of trusted publishing"
        )
    return str(found)


async def _call(
    session: aiohttp.ClientSession, method: str, url: str, body: bytes | None
) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        async with session.request(
            method, url, data=body, headers=headers, allow_redirects=False
        ) as response:
            body_read = bytearray()
            # One read gives what has come so far, which need not be all.
            while len(body_read) < _LIMIT and (part := await response.content.read(_LIMIT)):
                body_read += part
            return response.status, bytes(body_read)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        trouble = IndexUnreachable(
            f"{url}: no answer ({type(error).__name__})"
            "\n  next: is the index up? then run this again"
        )
    raise trouble
