"""What every HTTP client of ours shares: proxies, Retry-After, and text that is safe to print."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    import aiohttp


def shown(text: str, limit: int = 240) -> str:
    """``text`` on one line, without control characters, cut."""
    flat = "".join(c if c.isprintable() else " " for c in text).strip()
    return flat if len(flat) <= limit else flat[:limit] + "..."


def bare(url: str) -> str:
    """An address for a message: without a user, and without the query of a signed one."""
    return re.split(r"[?#]", re.sub(r"//[^/?#]*@", "//", url), maxsplit=1)[0]


def is_number(text: str) -> bool:
    """Whether ``text`` is a number that a header may have: ASCII digits, not too many."""
    return text.isascii() and text.isdigit() and len(text) < 12


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait (RFC 9110 10.2.3), or until GitHub's limit resets; None where not said.

    Times are compared with the answer's own Date, so that a skewed clock here does not matter.
    """
    value = headers.get("retry-after", "").strip()
    if is_number(value):
        return float(value)
    now = _http_date(headers.get("date", ""))
    if now is None:
        return None
    until = _http_date(value)
    if until is not None:
        return max(0.0, (until - now).total_seconds())
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and is_number(reset):
        return max(0.0, float(reset) - now.timestamp())
    return None


def _http_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone() if value else None
    except (ValueError, OverflowError):
        return None


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this server.

    Not by aiohttp's trust_env: that reads ~/.netrc as well, and refuses to mix it with a token.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


async def once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a GET, PUT or DELETE again by itself on a broken connection."""
    import aiohttp

    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error) or type(error).__name__) from None
