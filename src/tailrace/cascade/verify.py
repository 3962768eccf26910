"""The fourth step: whether a downstream has the release, by what was read. Pure."""

from __future__ import annotations

from tailrace.cascade.plan import no_consumer, readable
from tailrace.model import Evidence, Failure, Observation, Release, Snapshot, State, Verdict
from tailrace.pins import text
from tailrace.versions import VersionPolicy


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
            blob=seen.pin.sha if seen.pin else None,
            observed_at=observation.at,
        ),
        consumers=seen.consumers,
    )


def _compare(
    observation: Observation, seen: Snapshot, release: Release, versions: VersionPolicy
) -> tuple[State, str | None, bool, str]:
    reason = no_consumer(observation, seen)
    if reason is not None:
        return State.SKIPPED, None, False, reason
    pin, want = observation.downstream.pin, release.version
    if seen.pin is None:
        return State.MISSING, None, False, f"{pin} is not there"
    reading = text.read(seen.pin, versions)
    if reading.problem is not None:
        return State.MALFORMED, reading.value, True, f"{pin} {reading.problem}"
    value = reading.value or ""
    if value == want and reading.exact:
        return State.CONVERGED, value, False, ""
    if value == want:
        detail = f"{pin} says {want}, but is not exactly that and one newline"
        return State.MALFORMED, value, True, detail
    detail = ""
    if text.newer(reading, want) is not None:
        detail = f"{pin} has a newer version; a cascade would refuse to lower it"
    elif not reading.exact:
        detail = f"{pin} is malformed as well: not exactly a version and one newline"
    return State.DIVERGED, value, not reading.exact, detail
