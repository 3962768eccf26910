"""Git's own name for a file's content: what makes a listing a proof."""

from __future__ import annotations

import hashlib

_SHA1_DIGITS = 40


def blob_sha(content: bytes, like: str | None = None) -> str:
    """The blob SHA of ``content`` (git-hash-object), in the hash of ``like``: SHA-1 or SHA-256."""
    header = b"blob %d\0" % len(content)
    if like is not None and len(like) > _SHA1_DIGITS:
        return hashlib.sha256(header + content).hexdigest()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
