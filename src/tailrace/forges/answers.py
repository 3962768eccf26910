"""What came back over HTTP: answers, and what their errors and headers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec


class Rejected(Exception):
    """An answer with an error status, for an adapter to give its meaning. Never leaves it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class Redirected(Exception):
    """A redirect on the same forge, for an adapter to follow or not. Never leaves it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Complaint(msgspec.Struct):
    message: Any = ""
    errors: Any = None


def complaint(answer: Answer) -> str:
    """What the forge says of an error, as it says it."""
    try:
        complaint = msgspec.json.decode(answer.body, type=_Complaint)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return HTTPStatus(answer.status).phrase if answer.status in _STATUSES else ""
    text = str(complaint.message)
    if isinstance(complaint.errors, list) and complaint.errors:
        text += f" {complaint.errors[0]}"
    return text


_STATUSES = frozenset(int(status) for status in HTTPStatus)


def shown(text: str, limit: int = 240) -> str:
    flat = "".join(c if c.isprintable() else " " for c in text).strip()
    return flat if len(flat) <= limit else flat[:limit] + "..."


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
