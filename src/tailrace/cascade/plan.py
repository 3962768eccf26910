"""The second step: what to do about what was observed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.model import (
    Action,
    Create,
    Failure,
    FailureKind,
    Keep,
    Observation,
    Refuse,
    Release,
    Skip,
    Snapshot,
    Write,
)
from tailrace.pins import text
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
    content = text.render(release.version)
    pin = observation.downstream.pin
    if seen.pin is None:
        return _forbidden(observation, seen) or Create(seen, content, f"{pin} is not there")
    reading = text.read(seen.pin, rules.versions)
    if reading.problem is not None:
        return _refuse(
            seen,
            f"{seen.repository}: {pin} {reading.problem}"
            "\n  next: put a plain file with the version there, by hand",
        )
    if seen.pin.content == content:
        return Keep(seen)
    newer = text.newer(reading, release.version)
    if newer is not None and not rules.allow_downgrade:
        return _refuse(
            seen,
            f"{seen.repository}: has {newer}, which is newer than {release.version}"
            "\n  next: cascade the newer release, or say --allow-downgrade",
        )
    why = f"{pin} has another version" if reading.exact else f"{pin} is malformed"
    return _forbidden(observation, seen) or Write(seen, seen.pin.sha, content, why)


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
