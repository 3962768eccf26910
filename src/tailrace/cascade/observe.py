"""The first step: one downstream's facts, from the forge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tailrace.forges.base import Forge, ForgeError
from tailrace.forges.blobs import blob_sha
from tailrace.model import (
    PIN_LIMIT,
    Downstream,
    FileKind,
    Observation,
    PinFile,
    RepositoryName,
    Snapshot,
    TreeEntry,
)

#: Contents that need not be fetched, by blob SHA.
KnownBlobs = Mapping[str, bytes]


def known_blobs(content: bytes) -> KnownBlobs:
    """``content`` by its blob SHA in both of Git's hashes: a listing that has it proves it."""
    sha256_length = "0" * 64
    return {blob_sha(content): content, blob_sha(content, sha256_length): content}


async def observe(
    forge: Forge,
    downstream: Downstream,
    *,
    branch: str | None,
    clock: Callable[[], datetime],
    known: KnownBlobs,
) -> Observation:
    """What a branch of the downstream has now, or why that could not be read. Never raises for it.

    ``branch`` None means the forge's default branch, which costs one call more.
    """
    paths = (*downstream.pin_paths, *downstream.consumer_paths)
    try:
        view = await forge.tree(downstream.repository, branch, paths)
        pins = {
            path: await _pin(forge, view.repository, view.entries[path], known)
            for path in downstream.pin_paths
            if path in view.entries
        }
    except ForgeError as error:
        return Observation(downstream, clock(), error.failure())
    asked, answered = str(downstream.repository), str(view.repository)
    return Observation(
        downstream,
        clock(),
        Snapshot(
            repository=view.repository,
            branch=view.branch,
            commit=view.commit,
            pins=pins,
            consumers=view.consumers(downstream),
            # Forges compare names without case.
            renamed=asked.lower() != answered.lower(),
            archived=view.archived,
            can_push=view.can_push,
        ),
    )


async def _pin(forge: Forge, name: RepositoryName, entry: TreeEntry, known: KnownBlobs) -> PinFile:
    content: bytes | None = None
    if entry.kind is FileKind.FILE and (entry.size is None or entry.size <= PIN_LIMIT):
        content = known.get(entry.sha)
        if content is None:
            content = await forge.blob(name, entry.sha, PIN_LIMIT)
    return PinFile(entry.kind, entry.sha, entry.size, content)
