"""What a name, a path, a branch and an address in a fleet file may be."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

#: A downstream's short name, an owner, a repository's name: what every forge allows.
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._][A-Za-z0-9._-]{0,99}")
#: PEP 508, "Names".
_PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
#: What git-check-ref-format forbids anywhere in a branch's name.
_NOT_IN_A_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


def check_name(value: str) -> str:
    """A short name, owner or repository name. Raises ValueError with the rule."""
    if _NAME.fullmatch(value) is None or value.endswith((".git", ".lock")):
        raise ValueError(
            f"{value[:60]!a} is no name: letters, digits, '.', '_' and '-' only, 100 at most"
        )
    return value


def check_package(value: str) -> str:
    """A package's name by PEP 508. Raises ValueError with the rule."""
    if _PACKAGE.fullmatch(value) is None:
        raise ValueError(f"{value[:60]!a} is no package name (PEP 508)")
    return value


def check_repository(value: str) -> str:
    """``name`` or ``owner/name``. Raises ValueError with the rule."""
    parts = value.split("/")
    if len(parts) > 2:
        raise ValueError(f"{value[:60]!a} is neither 'name' nor 'owner/name'")
    for part in parts:
        check_name(part)
    return value


def check_path(value: str) -> str:
    """A path inside a repository. Raises ValueError with the rule."""
    parts = value.split("/")
    if (
        not value
        or len(value) > 255
        or not value.isprintable()
        or "\\" in value
        or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
    ):
        raise ValueError(
            f"{value[:60]!a} is no path inside a repository: relative, no '..', no '.git'"
        )
    return value


def check_file(value: str) -> str:
    """A file's name without a folder. Raises ValueError with the rule."""
    if "/" in check_path(value):
        raise ValueError(f"{value[:60]!a} is a path; only the file's name belongs here")
    return value


def check_branch(value: str) -> str:
    """A branch's name, by the rules of git-check-ref-format. Raises ValueError."""
    parts = value.split("/")
    if (
        not value
        or len(value) > 200
        or value.startswith("-")
        or value.endswith(".")
        or value == "@"
        or _NOT_IN_A_BRANCH.search(value) is not None
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
        or not value.isprintable()
    ):
        raise ValueError(f"{value[:60]!a} is no branch name (git-check-ref-format)")
    return value


def check_tag_prefix(value: str) -> str:
    """What stands before a version in a tag's name. Raises ValueError with the rule."""
    try:
        check_branch(f"{value}1.0.0")
    except ValueError as error:
        raise ValueError(f"{value[:60]!a} begins no tag's name (git-check-ref-format)") from error
    if not value.isascii() or re.fullmatch(r"[A-Za-z0-9._/-]*", value) is None:
        raise ValueError(f"{value[:60]!a} has more than letters, digits, '.', '_', '/' and '-'")
    return value


def check_local_path(value: str) -> str:
    """A path on this machine. Raises ValueError with the rule."""
    if not value or not value.isprintable():
        raise ValueError(f"{value[:60]!a} is no path")
    return value


def check_url(value: str) -> str:
    """A forge's address. Raises ValueError with the rule; never repeats a secret in it."""
    try:
        parts = urlsplit(value)
        (parts.hostname or "").encode("idna")
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except (ValueError, UnicodeError) as error:
        raise ValueError("is no address") from error
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ValueError("has a user or a token in it: put the token into the environment")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise ValueError(f"{value[:60]!a} is no http:// or https:// address")
    if parts.query or parts.fragment or not value.isascii() or not value.isprintable():
        raise ValueError(f"{value[:60]!a} has more than host and path")
    return value.rstrip("/")
