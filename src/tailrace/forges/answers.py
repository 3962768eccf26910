"""What came back over HTTP: answers, and what their errors and headers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


def hint(value: object) -> datetime | None:
    """When a listing says that a repository moved; None where that is no moment.

    Only a hint: what a forge writes there must not cost the whole listing.
    """
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


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
