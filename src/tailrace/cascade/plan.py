"""The second step: what to do about what was observed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.model import (
    Action,
    Create,
    Failure,
    FailureKind,
    FileChange,
    Keep,
    Observation,
    Pin,
    PinFormat,
    Refuse,
    Release,
    Skip,
    Snapshot,
    Write,
)
from tailrace.pins import reading, text
from tailrace.pins.places import Unreadable
from tailrace.versions import VersionPolicy


@dataclass(frozen=True, slots=True)
class Rules:
    """What a command allows a cascade to do."""

    versions: VersionPolicy = VersionPolicy.STRICT
    allow_downgrade: bool = False


def decide(observation: Observation, release: Release, rules: Rules) -> Action:
    """The one action for one downstream. A failure to observe is never a skip."""
    seen = readable(observation)
    if isinstance(seen, Failure):
        return Refuse(seen)
    reason = no_consumer(observation, seen)
    if reason is not None:
        return Skip(seen, reason)
    changes: list[FileChange] = []
    reasons: list[str] = []
    for path in observation.downstream.pin_paths:
        found = _of_file(observation, seen, path, release, rules)
        if isinstance(found, Refuse):
            return found
        if found is not None:
            changes.append(found[0])
            reasons.append(found[1])
    if not changes:
        return Keep(seen)
    forbidden = _forbidden(observation, seen)
    if forbidden is not None:
        return forbidden
    made = Create if all(change.expected is None for change in changes) else Write
    return made(seen, tuple(changes), "; ".join(reasons))


def _of_file(
    observation: Observation, seen: Snapshot, path: str, release: Release, rules: Rules
) -> tuple[FileChange, str] | Refuse | None:
    """What one file needs, and why; None where it has the release already."""
    pins = [pin for pin in observation.downstream.pins if pin.path == path]
    file = seen.pins.get(path)
    if file is None:
        if any(pin.format is not PinFormat.TEXT for pin in pins):
            return _refuse(
                seen,
                f"{seen.repository}: {path} is not there"
                "\n  next: add it by hand, with a version to edit, or correct `pins`",
            )
        content = text.render(release.version)
        return FileChange(path, content, None), f"{path} is not there"
    readings = [reading.read(pin, file, release.package, rules.versions) for pin in pins]
    for pin, found in zip(pins, readings, strict=True):
        if found.problem is not None:
            return _refuse(seen, f"{seen.repository}: {path} {found.problem}{_mend(pin)}")
        newer = reading.newer(found, release.version)
        if newer is not None and not rules.allow_downgrade:
            return _refuse(
                seen,
                f"{seen.repository}: has {newer}, which is newer than {release.version}"
                "\n  next: cascade the newer release, or say --allow-downgrade",
            )
    try:
        content = reading.rewritten(pins, file, release.package, release.version)
    except Unreadable as error:
        return _refuse(seen, f"{seen.repository}: {path} {error}")
    if content == file.content:
        return None
    exact = all(found.exact for found in readings)
    why = f"{path} has another version" if exact else f"{path} is malformed"
    return FileChange(path, content, file.sha), why


def _mend(pin: Pin) -> str:
    if pin.format is PinFormat.TEXT:
        return "\n  next: put a plain file with the version there, by hand"
    return "\n  next: mend that file by hand, or correct `pins` in the fleet file"


def no_consumer(observation: Observation, seen: Snapshot) -> str | None:
    """Why nothing in this repository acts on the pin; None where something does.

    Only ever asked of a repository that was read (the design's contract "Skipping").
    """
    downstream = observation.downstream
    if seen.commit is None:
        return "the repository is empty: it has no commit, so no consumer"
    if seen.consumers:
        return None
    return f"no {downstream.consumer} in {', '.join(downstream.folders)}"


def readable(observation: Observation) -> Snapshot | Failure:
    """What was seen, if it may be judged by: both pure steps ask this first.

    A renamed repository without consumer is a failure, never a skip: it may not be the one that
    was meant (the design's contract "Skipping").
    """
    seen = observation.seen
    if isinstance(seen, Snapshot) and seen.renamed and no_consumer(observation, seen) is not None:
        return _renamed(observation, seen)
    return seen


def _renamed(observation: Observation, seen: Snapshot) -> Failure:
    message = (
        f"{observation.downstream.repository}: is now {seen.repository};"
        " nothing is written to another name"
        f"\n  next: change `repo` in the fleet file to {seen.repository}"
    )
    return Failure(FailureKind.RENAMED, message)


def _forbidden(observation: Observation, seen: Snapshot) -> Refuse | None:
    """Why nothing may be written there, as far as the facts already say."""
    asked = observation.downstream.repository
    if seen.renamed:
        return Refuse(_renamed(observation, seen), seen)
    if seen.archived:
        message = (
            f"{asked}: is archived, so nothing can be written"
            "\n  next: unarchive it, or take it out of the fleet file"
        )
        return Refuse(Failure(FailureKind.ARCHIVED, message), seen)
    if seen.can_push is False:
        message = (
            f"{asked}: may be read, but not written to, by this token or without one"
            "\n  next: give the token's user write permission there"
        )
        return Refuse(Failure(FailureKind.PERMISSION, message), seen)
    return None


def _refuse(seen: Snapshot, message: str) -> Refuse:
    return Refuse(Failure(FailureKind.REFUSED, message), seen)
