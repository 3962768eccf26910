"""The cascade's result file: how a later verify learns that it was skipped on purpose."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from tailrace.errors import ConfigurationError
from tailrace.model import Release
from tailrace.report.words import result_word
from tailrace.runs import IntentionalSkip, Report
from tailrace.settings import Policy

#: Outside CI, where nothing else ties the two runs together, a result is believed this long.
BELIEVED = timedelta(hours=1)
_LIMIT = 64 * 1024
_WORDS = ("skipped", "converged", "not-converged", "unknown")


class CascadeResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cascade leaves behind."""

    package: str
    version: str
    result: str
    finished_at: datetime
    event: str = ""
    reason: str = ""
    #: The CI run that it was part of; empty outside CI.
    run: str = ""


def default_file(fleet_file: Path) -> Path:
    """Where the result of a cascade over ``fleet_file`` goes unless something else is said."""
    return fleet_file.parent / ".tailrace" / "cascade.json"


def result_file(fleet_file: Path, environ: Mapping[str, str]) -> Path:
    """The same, unless TAILRACE_RESULT names another."""
    named = environ.get("TAILRACE_RESULT", "")
    return Path(named) if named else default_file(fleet_file)


def run_of(environ: Mapping[str, str]) -> str:
    """What names this CI run: its number and attempt, as Gitea and GitHub set them."""
    number = environ.get("GITHUB_RUN_ID", "")
    return f"{number}/{environ.get('GITHUB_RUN_ATTEMPT', '1')}" if number else ""


def write_result(file: Path, report: Report, environ: Mapping[str, str]) -> None:
    """Leave the result of a cascade, at once or not at all. Raises `ConfigurationError`."""
    skip = report.skip
    result = CascadeResult(
        package=report.release.package,
        version=report.release.version,
        result=result_word(report),
        finished_at=report.finished_at,
        event=skip.event if skip else "",
        reason=skip.reason if skip else "",
        run=run_of(environ),
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from error


def forget_result(file: Path) -> None:
    """Take the result of an earlier cascade away: one that fails must not leave it behind.

    Raises `ConfigurationError` where a new one could not be written there afterwards.
    """
    try:
        if file.exists() and not file.is_file():
            # To replace /dev/null would be to delete it.
            raise ConfigurationError(
                f"{file}: is no plain file\n  next: name another --result-file"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab"):
            pass
        file.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be written: {error.strerror}\n  next: name another --result-file"
        ) from error


def read_result(file: Path) -> CascadeResult | None:
    """The result that stands in ``file``; None where there is none. Raises otherwise."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        result = msgspec.json.decode(raw, type=CascadeResult)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{file}: is no result of a cascade") from error
    if len(raw) > _LIMIT or result.result not in _WORDS:
        raise ConfigurationError(f"{file}: is no result of a cascade")
    return result


def skip_of(
    told: str | None,
    fleet_file: Path,
    release: Release,
    policy: Policy,
    environ: Mapping[str, str],
    now: datetime,
    *,
    token_present: bool,
) -> IntentionalSkip | None:
    """The intentional skip of the cascade before this, if there was one.

    ``told`` is its word or its result file; None looks at the default file, and believes it only
    without a token here, of the same release and the same CI run (outside CI: of the last hour).
    Nothing is believed on an event that the policy does not allow. Raises `ConfigurationError`
    where a file that was named is not there or is another release's.
    """
    event = environ.get("GITHUB_EVENT_NAME", "")
    if told:
        if told in _WORDS:
            allowed = _allows(policy, event) if event else bool(policy.skip_without_token_on)
            if told != "skipped" or not allowed:
                return None
            return IntentionalSkip(event, "the cascade before this was skipped on purpose")
        result = read_result(Path(told))
        if result is None:
            raise ConfigurationError(
                f"--cascade-result {told[:200]!a}: no such file, and none of {', '.join(_WORDS)}"
            )
        if (result.package, result.version) != (release.package, release.version):
            raise ConfigurationError(
                f"{told}: is of {result.package[:60]!a} {result.version[:60]!a}, not of {release}"
            )
        if not _same_run(result, release, environ, now):
            raise ConfigurationError(
                f"{told}: is of another run, or more than an hour old"
                "\n  next: pass the file of the cascade of this run, or none"
            )
    else:
        # With a token the fleet can be read, and what is read is worth more than a file.
        result = None if token_present else read_result(result_file(fleet_file, environ))
        if result is None or not _same_run(result, release, environ, now):
            return None
    if result.result != "skipped" or not _allows(policy, result.event, event or result.event):
        return None
    at = result.finished_at.strftime("%Y-%m-%d %H:%M")
    return IntentionalSkip(result.event, f"the cascade of {at} UTC was: {result.reason[:200]}")


def _allows(policy: Policy, *events: str) -> bool:
    return set(events) <= set(policy.skip_without_token_on)


def _same_run(
    result: CascadeResult, release: Release, environ: Mapping[str, str], now: datetime
) -> bool:
    same_release = (result.package, result.version) == (release.package, release.version)
    if not same_release or result.run != run_of(environ) or result.finished_at.tzinfo is None:
        return False
    return bool(result.run) or timedelta(0) <= now - result.finished_at <= BELIEVED
