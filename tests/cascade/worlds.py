"""Observations for the tests of the two pure steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tailrace.forges.blobs import blob_sha
from tailrace.model import (
    Action,
    Create,
    Downstream,
    Failure,
    FileKind,
    Observation,
    PinFile,
    Release,
    RepositoryName,
    Snapshot,
    Write,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RELEASE = Release("molecule-ai-workspace-runtime", "0.1.1001")
CODEX = Downstream("codex", RepositoryName("molecule-ai", "codex"))
PIN = ".runtime-version"
CONSUMER = ".gitea/workflows/publish-image.yml"
HEAD = "4f2a91c0" * 5


def pin_file(content: bytes) -> PinFile:
    return PinFile(FileKind.FILE, blob_sha(content), len(content), content)


def odd_pin(kind: FileKind = FileKind.FILE, size: int | None = None) -> PinFile:
    return PinFile(kind, "d" * 40, size, None)


def snapshot(
    pin: bytes | PinFile | None, *consumers: str, renamed_to: str | None = None
) -> Snapshot:
    name = CODEX.repository if renamed_to is None else RepositoryName("molecule-ai", renamed_to)
    return Snapshot(
        repository=name,
        branch="main",
        commit=HEAD,
        pins={} if pin is None else {PIN: pin_file(pin) if isinstance(pin, bytes) else pin},
        consumers=consumers or (CONSUMER,),
        renamed=renamed_to is not None,
    )


def observed(seen: Snapshot | Failure) -> Observation:
    return Observation(CODEX, NOW, seen)


def after(observation: Observation, action: Action) -> Observation:
    """The world as it is once ``action`` was carried out."""
    assert isinstance(observation.seen, Snapshot)
    if isinstance(action, Write | Create):
        written = {change.path: pin_file(change.content) for change in action.changes}
        return observed(replace(observation.seen, pins={**observation.seen.pins, **written}))
    return observation
