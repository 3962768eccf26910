"""The version gate: what may be derived, published, written and read back."""

from __future__ import annotations

import re
from enum import StrEnum

from packaging.version import InvalidVersion, Version

from tailrace.errors import ConfigurationError

#: The default rule of the design's contract "Version gate", matched on the whole string.
STRICT_PATTERN = re.compile(
    r"[0-9]+\.[0-9]+\.[0-9]+(rc[0-9]+|a[0-9]+|b[0-9]+|\.post[0-9]+|\.dev[0-9]+)?"
)

#: No release on any index comes near this; it bounds what a hostile pin can make us parse.
MAX_LENGTH = 128


class VersionPolicy(StrEnum):
    """Which versions the gate lets through."""

    STRICT = "strict"
    PEP440 = "pep440"


class BadVersion(ConfigurationError):
    """A version that the gate does not let through."""

    def __init__(self, text: str, policy: VersionPolicy) -> None:
        self.text = text
        self.policy = policy
        shown = ascii(text if len(text) <= 60 else text[:60] + "...")
        rule = (
            "N.N.N, with an optional rcN, aN, bN, .postN or .devN"
            if policy is VersionPolicy.STRICT
            else "a canonical PEP 440 version"
        )
        super().__init__(f"not a version: {shown}\n  allowed ({policy}): {rule}")


def is_version(text: str, policy: VersionPolicy = VersionPolicy.STRICT) -> bool:
    """Whether the gate lets ``text`` through, whole and unchanged."""
    if len(text) > MAX_LENGTH:
        return False
    if policy is VersionPolicy.STRICT:
        return STRICT_PATTERN.fullmatch(text) is not None
    parsed = parse(text)
    return parsed is not None and str(parsed) == text


def gate(text: str, policy: VersionPolicy = VersionPolicy.STRICT) -> str:
    """Give ``text`` back unchanged, or raise `BadVersion`."""
    if not is_version(text, policy):
        raise BadVersion(text, policy)
    return text


def parse(text: str) -> Version | None:
    """PEP 440's reading of ``text``, or None where it has none: for ordering only."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


def is_newer(left: str, right: str) -> bool:
    """Whether ``left`` is a later version than ``right`` in PEP 440's order.

    False where either of them has no place in that order.
    """
    a, b = parse(left), parse(right)
    return a is not None and b is not None and a > b
