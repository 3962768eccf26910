"""What the checkout that is published says of itself, and what the runner says of the run."""

from __future__ import annotations

import getpass
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.model import Release, RepositoryName
from tailrace.wire import shown

_TIMEOUT = 30
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_TAGS = "refs/tags/"
_LOG = ("log", "-1", "--no-show-signature", "--encoding=UTF-8")


@dataclass(frozen=True, slots=True)
class Checkout:
    """One run's view of what it releases."""

    #: None: not in a Git repository.
    commit: str | None = None
    #: The commit's message.
    message: str = ""
    #: The commit's time in seconds, for builds that can be repeated.
    time: int | None = None
    #: The tag that started this run; None where none did.
    tag: str | None = None
    #: The repository that the runner says it works for.
    repository: RepositoryName | None = None
    #: Who claims a version: the same for every attempt of one run, another for every other run.
    claimant: str = ""


def read_checkout(source: Path, environ: Mapping[str, str]) -> Checkout:
    """The checkout at ``source``, and the run by the variables that Actions set.

    GITHUB_SHA, GITHUB_REF, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_JOB (docs.github.com,
    "Variables reference"; Gitea's runner sets the same). Raises `ConfigurationError`.
    """
    if not source.is_dir():
        raise ConfigurationError(f"{source}: no such folder\n  next: correct `source` in [publish]")
    commit = _git(source, "rev-parse", "--verify", "HEAD^{commit}")
    runner = environ.get("GITHUB_SHA", "") if environ.get("GITHUB_ACTIONS") else ""
    if runner and commit is not None and runner != commit and _SHA.fullmatch(runner):
        raise ConfigurationError(
            f"{source}: is at {commit[:12]}, and the run is of {runner[:12]}"
            "\n  next: check out the commit that started the run"
        )
    repository = environ.get("GITHUB_REPOSITORY", "")
    ref = environ.get("GITHUB_REF", "")
    time = _git(source, *_LOG, "--format=%ct", "HEAD") if commit else None
    return Checkout(
        commit=commit,
        message=(_git(source, *_LOG, "--format=%B", "HEAD") or "") if commit else "",
        time=int(time) if time is not None and time.isdigit() else None,
        tag=ref.removeprefix(_TAGS) if ref.startswith(_TAGS) else None,
        repository=_repository(repository),
        claimant=_claimant(source, environ),
    )


def git_folder(source: Path) -> Path | None:
    """The checkout's own Git folder; None where ``source`` is in no checkout."""
    found = _git(source, "rev-parse", "--absolute-git-dir")
    return Path(found) if found else None


def check_clean(source: Path, commit: str | None, release: Release) -> None:
    """Raises `NotPublished` where tracked files are not as the commit has them."""
    names = _git(source, "diff", "--name-only", "--relative", "-z", "HEAD", "--", ".")
    changed = list(filter(None, (names or "").split("\0")))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise NotPublished(
            f"{release}: the source is not what its commit says"
            f"\n  changed since {(commit or '')[:12]}: {shown(changed[0], 40)}{more}"
            "\n  next: commit it, or git stash; on purpose: --allow-dirty"
        )


def _repository(text: str) -> RepositoryName | None:
    owner, _, name = text.partition("/")
    return RepositoryName(owner, name) if _NAME.fullmatch(text) else None


def _claimant(source: Path, environ: Mapping[str, str]) -> str:
    run = environ.get("GITHUB_RUN_ID", "")
    if run:
        where = environ.get("GITHUB_REPOSITORY", "")
        said = f"{where} run {run} job {environ.get('GITHUB_JOB', '')}"
    else:
        said = f"{_user()} on {platform.node()} in {source.resolve()}"
    return "".join(c if c.isprintable() else "?" for c in said)[:200].strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user need have no name.
        return f"user {os.getuid()}"


def _git(source: Path, *arguments: str) -> str | None:
    """What git says; None where this is no repository, or has no commit."""
    command = ["git", "-C", str(source), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - arguments of our own
            command,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            # What it says is read below, so in no other language.
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        if any((folder / ".git").exists() for folder in (source, *source.resolve().parents)):
            raise ConfigurationError(
                f"{source}: is a Git checkout, and git cannot be run here ({error.strerror})"
                "\n  next: install git"
            ) from error
        return None
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(f"{source}: git did not answer in {_TIMEOUT} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        if "dubious ownership" in said:
            raise ConfigurationError(
                f"{source}: belongs to another user, so git does not read it"
                f"\n  next: git config --global --add safe.directory {source.resolve()}"
            )
        return None
    return done.stdout[: 64 * 1024].decode(errors="replace").strip()
