"""The fourth step: whether a downstream has the release, by what was read. Pure."""

from __future__ import annotations

from typing import TypeAlias

from tailrace.cascade.plan import no_consumer, readable
from tailrace.model import (
    Evidence,
    Failure,
    Observation,
    Pin,
    PinFormat,
    Release,
    Snapshot,
    State,
    Verdict,
)
from tailrace.pins import reading
from tailrace.versions import VersionPolicy

#: State, what was got, whether that is malformed, and what there is to say.
_Judged: TypeAlias = tuple[State, str | None, bool, str]
_GOOD = State.CONVERGED


def judge(observation: Observation, release: Release, versions: VersionPolicy) -> Verdict:
    """The verdict on one observation: a failure to observe is ``unknown``, nothing else is."""
    seen = readable(observation)
    if isinstance(seen, Failure):
        return Verdict(
            downstream=observation.downstream,
            state=State.UNKNOWN,
            want=release.version,
            got=None,
            malformed=False,
            detail=seen.message,
            evidence=None,
            failure=seen,
        )
    state, got, malformed, detail = _compare(observation, seen, release, versions)
    if seen.renamed:
        note = f"is now {seen.repository}; change `repo` in the fleet file"
        detail = f"{detail}; {note}" if detail else note
    return Verdict(
        downstream=observation.downstream,
        state=state,
        want=release.version,
        got=got,
        malformed=malformed,
        detail=detail,
        evidence=Evidence(
            repository=seen.repository,
            branch=seen.branch,
            commit=seen.commit,
            blobs={
                path: seen.pins[path].sha if path in seen.pins else None
                for path in observation.downstream.pin_paths
            },
            observed_at=observation.at,
        ),
        consumers=seen.consumers,
    )


def _compare(
    observation: Observation, seen: Snapshot, release: Release, versions: VersionPolicy
) -> _Judged:
    reason = no_consumer(observation, seen)
    if reason is not None:
        return State.SKIPPED, None, False, reason
    pins = observation.downstream.pins
    found = [_of_pin(pin, seen, release, versions) for pin in pins]
    wrong = [(pin, of_it) for pin, of_it in zip(pins, found, strict=True) if of_it[0] is not _GOOD]
    if not wrong:
        return found[0]
    state, got, malformed, detail = wrong[0][1]
    if len(pins) > 1:
        detail = "; ".join(_said(pin, of_it) for pin, of_it in wrong)
    return state, got, malformed, detail


def _said(pin: Pin, of_it: _Judged) -> str:
    _, got, _, detail = of_it
    return detail or f"{pin} has {got}"


def _of_pin(pin: Pin, seen: Snapshot, release: Release, versions: VersionPolicy) -> _Judged:
    want, file = release.version, seen.pins.get(pin.path)
    if file is None:
        return State.MISSING, None, False, f"{pin.path} is not there"
    found = reading.read(pin, file, release.package, versions)
    if found.problem is not None:
        return State.MALFORMED, found.value, True, f"{pin.path} {found.problem}"
    value = next((said for said in (found.value or "", *found.others) if said != want), want)
    if value == want and found.exact:
        return State.CONVERGED, value, False, ""
    if value == want:
        detail = f"{pin} says {want}, but is not exactly that and one newline"
        return State.MALFORMED, value, True, detail
    detail = ""
    if reading.newer(found, want) is not None:
        detail = f"{pin} has a newer version; a cascade would refuse to lower it"
    elif not found.exact:
        detail = f"{pin} is malformed as well: not exactly a version and one newline"
        if pin.format is not PinFormat.TEXT:
            detail = f"{pin} is malformed as well: not a version"
    return State.DIVERGED, value, not found.exact, detail
