"""Git's own name for a file's content: what makes a listing a proof."""

from __future__ import annotations

import base64
import binascii
import hashlib

from tailrace.forges.base import BadAnswer
from tailrace.model import RepositoryName

_SHA1_DIGITS = 40


def blob_sha(content: bytes, like: str | None = None) -> str:
    """The blob SHA of ``content`` (git-hash-object), in the hash of ``like``: SHA-1 or SHA-256."""
    header = b"blob %d\0" % len(content)
    if like is not None and len(like) > _SHA1_DIGITS:
        return hashlib.sha256(header + content).hexdigest()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def decoded_blob(name: RepositoryName, sha: str, text: str, limit: int) -> bytes:
    """A blob's bytes from base64, proven by their own SHA.

    Raises `BadAnswer` for what is not base64, larger than ``limit``, or not what ``sha`` names.
    """
    try:
        content = base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAnswer(f"{name}: blob {sha} is not base64") from error
    if len(content) > limit or blob_sha(content, sha) != sha:
        raise BadAnswer(f"{name}: blob {sha} is not what its SHA says")
    return content
