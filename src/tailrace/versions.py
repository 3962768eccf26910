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


class Part(StrEnum):
    """Which part of a version a release raises."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


def bump(base: str, part: Part) -> str:
    """The next final version after ``base``, as N.N.N (PEP 440's release segment).

    A pre-release or development release of a version leads to that version itself where
    ``part`` would raise no more than it did: 1.3.0rc1 -> 1.3.0. Raises `BadVersion`.
    """
    parsed = parse(base)
    if parsed is None:
        raise BadVersion(base, VersionPolicy.PEP440)
    major, minor, micro = (*parsed.release, 0, 0)[:3]
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    reached = {
        Part.PATCH: True,
        Part.MINOR: micro == 0,
        Part.MAJOR: minor == 0 and micro == 0,
    }
    is_final_of = len(parsed.release) <= 3 and not parsed.is_postrelease
    if parsed.is_prerelease and is_final_of and reached[part]:
        return f"{epoch}{major}.{minor}.{micro}"
    raised = {
        Part.PATCH: (major, minor, micro + 1),
        Part.MINOR: (major, minor + 1, 0),
        Part.MAJOR: (major + 1, 0, 0),
    }
    return epoch + ".".join(str(number) for number in raised[part])


def is_newer(left: str, right: str) -> bool:
    """Whether ``left`` is a later version than ``right`` in PEP 440's order.

    False where either of them has no place in that order.
    """
    a, b = parse(left), parse(right)
    return a is not None and b is not None and a > b
