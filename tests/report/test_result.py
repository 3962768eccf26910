"""The cascade's result file: believed only where it is of this release and this run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.report.reports import NOW, RELEASE, report

from tailrace.errors import ConfigurationError
from tailrace.model import Release
from tailrace.report.result import default_file, forget_result, skip_of, write_result
from tailrace.runs import IntentionalSkip
from tailrace.settings import Policy

SKIPPED = replace(report(), skip=IntentionalSkip("workflow_dispatch", "no token"))
CI = {"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1"}


@pytest.fixture
def fleet_file(tmp_path: Path) -> Path:
    return tmp_path / "tailrace.toml"


def asked(
    fleet_file: Path,
    told: str | None = None,
    environ: dict[str, str] | None = None,
    release: Release = RELEASE,
    after: timedelta = timedelta(minutes=5),
    policy: Policy | None = None,
    *,
    token_present: bool = False,
) -> bool:
    skip = skip_of(
        told,
        fleet_file,
        release,
        policy or Policy(),
        environ or {},
        NOW + after,
        token_present=token_present,
    )
    return skip is not None


def test_a_verify_after_a_skipped_cascade_is_skipped(fleet_file: Path) -> None:
    write_result(default_file(fleet_file), SKIPPED, CI)
    assert asked(fleet_file, environ=CI)


def test_a_result_of_another_run_or_release_or_day_is_not_believed(fleet_file: Path) -> None:
    write_result(default_file(fleet_file), SKIPPED, CI)
    assert not asked(fleet_file, environ={"GITHUB_RUN_ID": "8"})
    assert not asked(fleet_file, environ={**CI, "GITHUB_RUN_ATTEMPT": "2"})
    assert not asked(fleet_file, environ={})
    assert not asked(fleet_file, environ=CI, release=Release(RELEASE.package, "0.1.1002"))
    write_result(default_file(fleet_file), SKIPPED, {})
    assert asked(fleet_file)
    assert not asked(fleet_file, after=timedelta(hours=2))
    assert not asked(fleet_file, after=timedelta(hours=-2))


def test_a_cascade_that_was_not_skipped_hides_nothing(fleet_file: Path) -> None:
    write_result(default_file(fleet_file), report(), CI)
    assert not asked(fleet_file, environ=CI)
    assert not asked(fleet_file)


def test_an_event_that_the_fleet_file_does_not_allow_is_not_believed(fleet_file: Path) -> None:
    pushed = replace(report(), skip=IntentionalSkip("push", "no token"))
    write_result(default_file(fleet_file), pushed, CI)
    assert not asked(fleet_file, environ=CI)


def test_with_a_token_a_file_that_nobody_named_is_not_believed(fleet_file: Path) -> None:
    write_result(default_file(fleet_file), SKIPPED, CI)
    assert not asked(fleet_file, environ=CI, token_present=True)
    assert asked(fleet_file, str(default_file(fleet_file)), environ=CI, token_present=True)


@pytest.mark.parametrize(
    ("environ", "after"),
    [({"GITHUB_RUN_ID": "77"}, timedelta(minutes=1)), ({}, timedelta(days=9))],
)
def test_a_file_that_is_named_and_of_another_run_is_an_error(
    fleet_file: Path, environ: dict[str, str], after: timedelta
) -> None:
    file = default_file(fleet_file)
    write_result(file, SKIPPED, {})
    with pytest.raises(ConfigurationError, match="of another run"):
        asked(fleet_file, str(file), environ=environ, after=after)


def test_a_file_does_not_speak_for_an_event_that_is_not_allowed(fleet_file: Path) -> None:
    write_result(default_file(fleet_file), SKIPPED, CI)
    assert not asked(fleet_file, environ={**CI, "GITHUB_EVENT_NAME": "push"})


def test_the_variable_moves_the_file_for_both(fleet_file: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.json"
    write_result(moved, SKIPPED, {})
    assert asked(fleet_file, environ={"TAILRACE_RESULT": str(moved)})


def test_a_word_obeys_the_policy_as_well(fleet_file: Path) -> None:
    assert not asked(fleet_file, "skipped", policy=Policy(skip_without_token_on=()))
    assert not asked(fleet_file, "skipped", {"GITHUB_EVENT_NAME": "push"})
    assert asked(fleet_file, "skipped", {"GITHUB_EVENT_NAME": "workflow_dispatch"})


def test_a_cascade_that_begins_takes_an_old_result_away(fleet_file: Path) -> None:
    write_result(default_file(fleet_file), SKIPPED, {})
    forget_result(default_file(fleet_file))
    forget_result(default_file(fleet_file))
    assert not asked(fleet_file)


def test_told_by_word_or_file(fleet_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "result.json"
    write_result(file, SKIPPED, {})
    assert asked(fleet_file, "skipped")
    assert not asked(fleet_file, "converged")
    assert asked(fleet_file, str(file))
    assert not asked(fleet_file, "")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[" * 9000, b"\xff", b'{"result": 1}', b"x" * 99999]
)
def test_a_file_that_is_no_result_is_an_error_and_never_a_skip(
    fleet_file: Path, content: bytes
) -> None:
    file = default_file(fleet_file)
    file.parent.mkdir()
    file.write_bytes(content)
    for told in (None, str(file)):
        with pytest.raises(ConfigurationError, match="no result"):
            asked(fleet_file, told)


def test_a_file_that_is_named_and_not_there_is_an_error(fleet_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        asked(fleet_file, "nope.json")


def test_a_file_that_is_named_and_of_another_release_is_an_error(
    fleet_file: Path, tmp_path: Path
) -> None:
    write_result(tmp_path / "r.json", SKIPPED, {})
    with pytest.raises(ConfigurationError, match="not of runtime 9"):
        asked(fleet_file, str(tmp_path / "r.json"), release=Release("runtime", "9.9.9"))
