"""The pin in a pip requirements file: ``name==version``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.pins.keys import decoded, no_key, shown
from tailrace.pins.places import Place, Unreadable

check_key = no_key

# Possessive repeats (*+) wherever two could share the same spaces: a hostile line stays linear.
_NAME = re.compile(r"\s*+([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_PINNED = re.compile(
    r"\s*+(?:\[[^\]]*+\]\s*+)?+(?P<open>\(\s*+)?+==\s*+(?P<version>[^\s,;()]++)"
    r"\s*+(?(open)\)\s*+)(?:;|\Z)"
)
#: PEP 263, as pip reads it in the first two lines.
_ENCODING = re.compile(rb"coding[:=]\s*+([-\w.]+)")
_COMMENT = re.compile(r"(?:^|\s)#")


def places(content: bytes, key: str, package: str) -> list[Place]:
    """Where the lines that require ``package`` have its version.

    The rules are pip's ("Requirements File Format": encoding, continuations, comments, options).
    Raises `Unreadable` where there is no such line, or one that is not pinned with ``==``.
    """
    for first in content.split(b"\n", 2)[:2]:
        named = _ENCODING.search(first) if first.startswith(b"#") else None
        if named and named.group(1).lower() not in (b"utf-8", b"utf8", b"ascii", b"us-ascii"):
            raise Unreadable(f"has the encoding {shown(named.group(1).decode())}, not UTF-8")
    text, offsets = decoded(content)
    found: list[Place] = []
    for joined, at in _logical_lines(text):
        comment = _COMMENT.search(joined)
        line = (joined[: comment.start()] if comment else joined).rstrip()
        if line.lstrip()[:1] in ("", "-"):
            continue
        requirement, dash, options = line.partition(" -")
        span = version_span(requirement, package)
        if span is None:
            continue
        if any(word.startswith("--hash") for word in f"{dash}{options}".split()):
            raise Unreadable("is locked with --hash; write the lock anew instead")
        start, last = at[span[0]], at[span[1] - 1]
        if last - start != span[1] - 1 - span[0]:
            raise Unreadable(f"has the version of {shown(package)} on two lines; join them")
        found.append(Place(offsets[start], offsets[last + 1], requirement[slice(*span)]))
    if not found:
        raise Unreadable(f"has no requirement {shown(package)}")
    return found


def version_span(text: str, package: str) -> tuple[int, int] | None:
    """Where one requirement (PEP 508) of ``package`` has its version; None: it is of another.

    Raises `Unreadable` where it is not exactly one ``==``.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    name = _NAME.match(text)
    if name is None or canonicalize_name(name.group(1)) != canonicalize_name(package):
        return None
    # A path or a URL of which the first word happens to be the name.
    if text[name.end() : name.end() + 1] in (":", "/", "\\", "+"):
        return None
    short = shown(" ".join(text.split()))
    try:
        requirement = Requirement(text)
        specifiers = [(each.operator, each.version) for each in requirement.specifier]
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"has {short}, which is not a requirement") from error
    if requirement.url is not None:
        raise Unreadable(f"has {short}, which is a URL and no version")
    pinned = _PINNED.match(text, name.end())
    # packaging counts two equal specifiers as one, so the text itself has to agree.
    if pinned is None or specifiers != [("==", pinned["version"])] or "*" in pinned["version"]:
        raise Unreadable(f"has {short}, which is not pinned with ==")
    return pinned.span("version")


def _logical_lines(text: str) -> Iterator[tuple[str, list[int]]]:
    """Lines with continuations joined as pip does, and where in the text each character is."""
    parts: list[str] = []
    at: list[int] = []
    position = 0
    for line in text.splitlines(keepends=True):
        body = line.splitlines()[0]
        begin, position = position, position + len(line)
        comment = body.lstrip().startswith("#")
        if body.endswith("\\") and not comment:
            kept = body.strip("\\")
            begin += len(body) - len(body.lstrip("\\"))
        else:
            kept = body
        if comment:
            # So that a comment below a continuation is seen as one.
            parts.append(" ")
            at.append(begin)
        parts.append(kept)
        at.extend(range(begin, begin + len(kept)))
        if comment or not body.endswith("\\"):
            yield "".join(parts), at
            parts, at = [], []
    if parts:
        yield "".join(parts), at
