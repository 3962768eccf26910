"""The two pure steps, side by side: what is done about a fact, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cascade.worlds import (
    HEAD,
    NOW,
    PIN,
    RELEASE,
    after,
    observed,
    odd_pin,
    pin_file,
    snapshot,
)

from tailrace.cascade.plan import Rules, decide
from tailrace.cascade.verify import judge
from tailrace.model import (
    Create,
    Failure,
    FailureKind,
    FileChange,
    FileKind,
    Keep,
    Observation,
    PinFile,
    Refuse,
    Release,
    Skip,
    Snapshot,
    State,
    Write,
)
from tailrace.versions import VersionPolicy, is_newer

RULES = Rules()
STRICT = VersionPolicy.STRICT
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"

FIRE = "#fire-publish-image-1778872861"

TABLE = [
    # what stands there, what is done, what is said, as read, malformed
    (b"0.1.1001\n", Keep, State.CONVERGED, "0.1.1001", False),
    (b"0.1.1000\n", Write, State.DIVERGED, "0.1.1000", False),
    (b"0.1.129\n", Write, State.DIVERGED, "0.1.129", False),
    (b"0.1.1000\n# fire-publish-image-1778872861\n", Write, State.DIVERGED, "0.1.1000", True),
    (b"0.1.1001\n# fire-publish-image-1778872861\n", Write, State.MALFORMED, "0.1.1001", True),
    (b"0.1.1001", Write, State.MALFORMED, "0.1.1001", True),
    (b"0.1.1001\n\n", Write, State.MALFORMED, "0.1.1001", True),
    (b"0.1.1001\r\n", Write, State.MALFORMED, "0.1.1001", True),
    (b" 0.1. 1001 \n", Write, State.MALFORMED, "0.1.1001", True),
    (b"\xef\xbb\xbf0.1.1001\n", Write, State.DIVERGED, "\ufeff0.1.1001", True),
    (b"", Write, State.DIVERGED, "", True),
    (b"\n0.1.1001\n", Write, State.DIVERGED, "", True),
    (b"latest\n", Write, State.DIVERGED, "latest", True),
    (b"# fire\n", Write, State.DIVERGED, "#fire", True),
    (b"\xff\xfe\x00\n", Write, State.DIVERGED, "\ufffd\ufffd\x00", True),
    ("１.２.３\n".encode(), Write, State.DIVERGED, "１.２.３", True),
    (b"9" * 5_000 + b"\n", Write, State.DIVERGED, "9" * 5_000, True),
    (b"0.1.1002\n", Refuse, State.DIVERGED, "0.1.1002", False),
    (b"1.0\n", Refuse, State.DIVERGED, "1.0", True),
    (b"\xef\xbb\xbf9.9.9\n", Refuse, State.DIVERGED, "\ufeff9.9.9", True),
    (b"9.9.9 # hold\n", Refuse, State.DIVERGED, "9.9.9#hold", True),
    (b"2.0.0-custom\n", Refuse, State.DIVERGED, "2.0.0-custom", True),
    (b"# fire-publish-image-1778872861\n", Write, State.DIVERGED, FIRE, True),
    (b"0.2.0\n# stray\n", Refuse, State.DIVERGED, "0.2.0", True),
    (None, Create, State.MISSING, None, False),
    (LFS, Refuse, State.MALFORMED, "versionhttps://git-lfs.github.com/spec/v1", True),
    (odd_pin(FileKind.DIRECTORY), Refuse, State.MALFORMED, None, True),
    (odd_pin(FileKind.SYMLINK), Refuse, State.MALFORMED, None, True),
    (odd_pin(FileKind.SUBMODULE), Refuse, State.MALFORMED, None, True),
    (odd_pin(FileKind.FILE, 1024**3), Refuse, State.MALFORMED, None, True),
]


@pytest.mark.parametrize(("pin", "action", "state", "got", "malformed"), TABLE)
def test_what_stands_there(
    pin: bytes | PinFile | None, action: type, state: State, got: str | None, *, malformed: bool
) -> None:
    observation = observed(snapshot(pin))
    assert type(decide(observation, RELEASE, RULES)) is action
    verdict = judge(observation, RELEASE, STRICT)
    assert (verdict.state, verdict.got, verdict.malformed) == (state, got, malformed)
    assert verdict.evidence is not None
    assert (verdict.evidence.commit, verdict.evidence.observed_at) == (HEAD, NOW)
    says_all = state is State.CONVERGED or (state is State.DIVERGED and action is Write)
    assert (verdict.detail == "") is (says_all and not malformed)


def test_a_write_swaps_the_blob_that_was_observed() -> None:
    action = decide(observed(snapshot(b"0.1.1000\n")), RELEASE, RULES)
    assert isinstance(action, Write)
    old = pin_file(b"0.1.1000\n").sha
    assert action.changes == (FileChange(".runtime-version", b"0.1.1001\n", old),)


@pytest.mark.parametrize("kind", list(FailureKind))
def test_no_failure_is_ever_a_skip(kind: FailureKind) -> None:
    failure = Failure(kind, "codex: no\n  next: look")
    observation = observed(failure)
    assert decide(observation, RELEASE, RULES) == Refuse(failure)
    verdict = judge(observation, RELEASE, STRICT)
    assert (verdict.state, verdict.failure, verdict.evidence) == (State.UNKNOWN, failure, None)


def test_a_repository_without_consumer_is_skipped_and_says_where_was_looked() -> None:
    observation = observed(replace(snapshot(None), consumers=()))
    action = decide(observation, RELEASE, RULES)
    assert isinstance(action, Skip)
    assert action.reason == (
        "no publish-image.yml in .gitea/workflows, .forgejo/workflows, .github/workflows"
    )
    verdict = judge(observation, RELEASE, STRICT)
    assert (verdict.state, verdict.detail) == (State.SKIPPED, action.reason)


def test_an_empty_repository_has_a_reason_of_its_own() -> None:
    observation = observed(replace(snapshot(None), commit=None, consumers=()))
    action = decide(observation, RELEASE, RULES)
    assert isinstance(action, Skip)
    assert "is empty" in action.reason


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"archived": True}, FailureKind.ARCHIVED),
        ({"can_push": False}, FailureKind.PERMISSION),
        ({"renamed": True}, FailureKind.RENAMED),
    ],
)
def test_what_could_not_be_written_is_refused_before_it_is_tried(
    change: dict[str, bool], kind: FailureKind
) -> None:
    for pin in (b"0.1.1000\n", None):
        action = decide(observed(replace(snapshot(pin), **change)), RELEASE, RULES)  # type: ignore[arg-type]
        assert isinstance(action, Refuse)
        assert action.failure.kind is kind
        assert "next: " in action.failure.message
    converged = observed(replace(snapshot(b"0.1.1001\n"), **change))  # type: ignore[arg-type]
    assert isinstance(decide(converged, RELEASE, RULES), Keep)


def test_a_converged_pin_in_a_renamed_repository_says_so() -> None:
    verdict = judge(observed(snapshot(b"0.1.1001\n", renamed_to="codex-2")), RELEASE, STRICT)
    assert verdict.state is State.CONVERGED
    assert "molecule-ai/codex-2" in verdict.detail


def test_a_renamed_repository_is_never_a_skip() -> None:
    moved = replace(snapshot(None, renamed_to="codex-2"), consumers=())
    action = decide(observed(moved), RELEASE, RULES)
    assert isinstance(action, Refuse)
    assert action.failure.kind is FailureKind.RENAMED
    assert judge(observed(moved), RELEASE, STRICT).state is State.UNKNOWN


def test_a_downgrade_only_by_name() -> None:
    observation = observed(snapshot(b"0.1.1002\n"))
    refused = decide(observation, RELEASE, RULES)
    assert isinstance(refused, Refuse)
    assert "0.1.1002" in refused.failure.message
    assert "--allow-downgrade" in refused.failure.message
    assert isinstance(decide(observation, RELEASE, Rules(allow_downgrade=True)), Write)


versions = st.builds(
    "{}.{}.{}{}".format,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 2000),
    st.sampled_from(["", "rc1", "a2", ".post1", ".dev3"]),
)
contents = st.one_of(
    st.binary(max_size=80),
    versions.map(lambda v: f"{v}\n".encode()),
    st.tuples(versions, st.binary(max_size=30)).map(lambda t: t[0].encode() + t[1]),
)
pins = st.one_of(
    st.none(),
    contents.map(pin_file),
    st.sampled_from(list(FileKind)).map(odd_pin),
)
snapshots = st.builds(
    Snapshot,
    repository=st.just(snapshot(None).repository),
    branch=st.just("main"),
    commit=st.sampled_from([HEAD, HEAD, HEAD, None]),
    pins=pins.map(lambda pin: {} if pin is None else {PIN: pin}),
    consumers=st.sampled_from([(), (".gitea/workflows/publish-image.yml",)]),
    renamed=st.booleans(),
    archived=st.sampled_from([None, False, True]),
    can_push=st.sampled_from([None, False, True]),
)
failures = st.builds(Failure, st.sampled_from(list(FailureKind)), st.text(max_size=20))
observations = st.one_of(snapshots, failures).map(observed)
releases = versions.map(lambda v: Release("p", v))
rules = st.builds(Rules, allow_downgrade=st.booleans())


@given(observations, releases, rules)
def test_convergence_after_apply_and_idempotence(
    observation: Observation, release: Release, rules: Rules
) -> None:
    action = decide(observation, release, rules)
    if isinstance(action, Write | Create):
        later = after(observation, action)
        assert judge(later, release, STRICT).state is State.CONVERGED
        assert isinstance(decide(later, release, rules), Keep)
    elif isinstance(action, Keep):
        assert judge(observation, release, STRICT).state is State.CONVERGED


@given(observations, releases)
def test_never_a_downgrade_of_what_the_consumer_reads(
    observation: Observation, release: Release
) -> None:
    action = decide(observation, release, RULES)
    verdict = judge(observation, release, STRICT)
    if isinstance(action, Write):
        assert not is_newer(verdict.got or "", release.version)


@given(observations, releases, rules)
def test_a_skip_never_hides_an_error_and_never_something_to_write(
    observation: Observation, release: Release, rules: Rules
) -> None:
    action = decide(observation, release, rules)
    verdict = judge(observation, release, STRICT)
    assert isinstance(action, Skip) is (verdict.state is State.SKIPPED)
    if isinstance(observation.seen, Failure):
        assert verdict.state is State.UNKNOWN
    if isinstance(action, Skip):
        assert isinstance(observation.seen, Snapshot)
        assert not observation.seen.consumers or observation.seen.commit is None


@given(observations, releases, rules)
def test_plan_and_verify_never_disagree(
    observation: Observation, release: Release, rules: Rules
) -> None:
    action = decide(observation, release, rules)
    state = judge(observation, release, STRICT).state
    assert isinstance(action, Keep) is (state is State.CONVERGED)
    if state is State.MISSING:
        assert isinstance(action, Create | Refuse)
    if state in (State.DIVERGED, State.MALFORMED):
        assert isinstance(action, Write | Refuse)
