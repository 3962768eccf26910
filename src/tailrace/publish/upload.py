"""Files onto the index, by twine: each one that is not there yet, and nothing twice."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.index.base import Index, IndexFailure, IndexFile
from tailrace.index.releases import files_of
from tailrace.model import Release
from tailrace.publish.artifact import Artifact
from tailrace.publish.attest import attestation_of
from tailrace.publish.command import Done, TookTooLong, run
from tailrace.settings import IndexSettings

_TIMEOUT = 900.0
_STATUS = re.compile(r"HTTPError: (\d{3})\s*([^\n]*?)(?= from |\n|$)")
_PAGE = re.compile(r"<!doctype html|<html", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What twine says who it is with; never shown."""

    username: str
    password: str


async def missing(
    index: Index, release: Release, artifacts: Sequence[Artifact]
) -> tuple[Artifact, ...]:
    """Those of ``artifacts`` that the index does not have.

    Raises `NotPublished` where it has other bytes under the name of one of them.
    """
    there = {
        file.filename: file
        for file in files_of(await index.project(release.package), release.version)
    }
    absent = []
    for artifact in artifacts:
        file = there.get(artifact.path.name)
        if file is None:
            absent.append(artifact)
        elif await _sha256(index, file) != artifact.sha256:
            raise NotPublished(
                f"{release}: the index has {file.filename} with other bytes;"
                f" it is never overwritten\n{_out_there(there.values(), index)}"
                "\n  next: publish another version"
            )
    ours = {artifact.path.name for artifact in artifacts}
    strange = [name for name in there if name not in ours]
    if strange and absent:
        raise NotPublished(
            f"{release}: the index has files of this version that this build did not make"
            f"\n{_out_there(there.values(), index)}\n  next: publish another version"
        )
    return tuple(absent)


async def _sha256(index: Index, file: IndexFile) -> str:
    """The file's sha256, by the index's word, else by reading it."""
    named = file.hashes.get("sha256")
    return named if named is not None else (await index.download(file)).hashes["sha256"]


async def upload(
    index: Index,
    release: Release,
    artifacts: Sequence[Artifact],
    settings: IndexSettings,
    credentials: Credentials | None,
    *,
    environ: Mapping[str, str],
    attestations: bool,
    claimed: str | None = None,
) -> None:
    """Upload each of ``artifacts``. Raises `NotPublished` that says what is out there by then.

    ``claimed`` names the claim that stays behind, for that message.
    """
    for artifact in artifacts:
        try:
            done = await _twine(artifact, settings, credentials, environ, attestations=attestations)
            failure = _failure(done, settings)
        except TookTooLong as error:
            failure = _Failure(str(error), "run it again; what is there is not uploaded twice")
        if failure is None:
            continue
        there = await _listed(index, release)
        if not isinstance(there, IndexFailure) and await _has(index, there, artifact):
            # It arrived, and only the answer was lost.
            continue
        lines = [f"{release}: {artifact.path.name}: {failure.fact}"]
        if isinstance(there, IndexFailure):
            first = str(there).partition("\n")[0]
            lines.append(f"  what is out there is not known: {first}")
        else:
            lines.append(_out_there(there, index))
        if claimed is not None:
            lines.append(f"  out there: {claimed}")
        lines.append(f"  next: {failure.step}")
        raise NotPublished("\n".join(lines))


@dataclass(frozen=True, slots=True)
class _Failure:
    fact: str
    step: str


async def _twine(
    artifact: Artifact,
    settings: IndexSettings,
    credentials: Credentials | None,
    environ: Mapping[str, str],
    *,
    attestations: bool,
) -> Done:
    # --verbose: it says what the index answered with, also where that was no error.
    command: list[str | Path] = [sys.executable, "-P", "-m", "twine", "upload", "--verbose"]
    command += ["--non-interactive", "--disable-progress-bar"]
    if settings.upload_url is not None:
        command += ["--repository-url", settings.upload_url]
    if attestations:
        # Options first: twine reads no more files after one.
        command += ["--attestations", artifact.path, attestation_of(artifact)]
    else:
        command.append(artifact.path)
    told = {**environ, "NO_COLOR": "1", "COLUMNS": "200"}
    if credentials is not None:
        # By the environment: a process list shows arguments.
        told |= {"TWINE_USERNAME": credentials.username, "TWINE_PASSWORD": credentials.password}
    password, username = told.get("TWINE_PASSWORD", ""), told.get("TWINE_USERNAME", "")
    # Also as the header that it is sent in.
    basic = base64.b64encode(f"{username}:{password}".encode()).decode()
    return await run(command, timeout=_TIMEOUT, environ=told, hidden=(password, basic))


def _failure(done: Done, settings: IndexSettings) -> _Failure | None:
    where = settings.upload_url or "the index"
    if done.code == 0:
        if _PAGE.search(done.output) is None:
            return None
        return _Failure(
            f"{where} answers with a web page, not as an index does",
            "correct `upload-url` in [index]",
        )
    found = _STATUS.search(done.output)
    if found is None:
        return _Failure(
            f"twine could not upload it to {where}\n{done.tail()}",
            "run it again; what is there is not uploaded twice",
        )
    status, said = int(found.group(1)), found.group(2).strip()[:200]
    steps = {
        401: f"correct the token in {settings.token_env}",
        403: f"is the token in {settings.token_env} one for this package?",
        404: "correct `upload-url` in [index]",
        405: "correct `upload-url` in [index]",
        409: "somebody else uploaded it meanwhile; publish another version",
    }
    step = steps.get(status, "run it again; what is there is not uploaded twice")
    return _Failure(f"{where}\n  answers {status} {said}", step)


async def _listed(index: Index, release: Release) -> tuple[IndexFile, ...] | IndexFailure:
    """What the index has of the release, or why that is not known; never another error."""
    try:
        return files_of(await index.project(release.package), release.version)
    except IndexFailure as error:
        return error


async def _has(index: Index, there: Iterable[IndexFile], artifact: Artifact) -> bool:
    """Whether the index has these very bytes."""
    for file in there:
        if file.filename == artifact.path.name:
            try:
                return await _sha256(index, file) == artifact.sha256
            except IndexFailure:
                return False
    return False


def _out_there(files: Iterable[IndexFile], index: Index) -> str:
    names = sorted(file.filename for file in files)
    if not names:
        return f"  out there: nothing of it, as far as {index.url} shows"
    return "\n".join(f"  out there: {name}" for name in names)


def check_upload_url(settings: IndexSettings) -> None:
    """Raises `ConfigurationError` where releases would go to another index than is waited for."""
    if settings.url is not None and settings.upload_url is None:
        raise ConfigurationError(
            "where to? [index] has `url` and no `upload-url`"
            "\n  next: set `upload-url` in [index]: where twine uploads to"
        )


def upload_url_of(settings: IndexSettings, environ: Mapping[str, str]) -> str | None:
    """Where twine will upload to; None where only its own configuration file knows."""
    if settings.upload_url is not None:
        return settings.upload_url
    if told := environ.get("TWINE_REPOSITORY_URL"):
        return told
    if environ.get("TWINE_REPOSITORY"):
        return None
    # Only here: twine is an extra, and slow to import.
    from twine.utils import DEFAULT_REPOSITORY

    return DEFAULT_REPOSITORY
