"""Files onto the index, by twine: each one that is not there yet, and nothing twice."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import ConfigurationError, NotPublished
from tailrace.index.base import Index, IndexFailure, IndexFile
from tailrace.index.releases import files_of
from tailrace.model import IndexSettings, Release
from tailrace.publish.artifact import Artifact
from tailrace.publish.command import Done, TookTooLong, run

_TIMEOUT = 900.0
_STATUS = re.compile(r"HTTPError: (\d{3})\s*([^\n]*)")


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
) -> None:
    """Upload each of ``artifacts``. Raises `NotPublished` that says what is out there by then."""
    for artifact in artifacts:
        try:
            done = await _twine(artifact, settings, credentials, environ, attestations=attestations)
            failure = None if done.code == 0 else _meaning(done, settings)
        except TookTooLong as error:
            failure = str(error)
        if failure is not None:
            there = await _there(index, release)
            raise NotPublished(f"{release}: {artifact.path.name}: {failure}\n{there}")


async def _twine(
    artifact: Artifact,
    settings: IndexSettings,
    credentials: Credentials | None,
    environ: Mapping[str, str],
    *,
    attestations: bool,
) -> Done:
    command: list[str | Path] = [sys.executable, "-m", "twine", "upload", "--non-interactive"]
    command += ["--disable-progress-bar"]
    if settings.upload_url is not None:
        command += ["--repository-url", settings.upload_url]
    command.append(artifact.path)
    if attestations:
        attestation = artifact.path.with_name(f"{artifact.path.name}.publish.attestation")
        command += ["--attestations", attestation]
    told = {**environ, "NO_COLOR": "1", "COLUMNS": "200"}
    if credentials is not None:
        # By the environment: a process list shows arguments.
        told |= {"TWINE_USERNAME": credentials.username, "TWINE_PASSWORD": credentials.password}
    done = await run(command, timeout=_TIMEOUT, environ=told)
    if credentials is None or not credentials.password:
        return done
    return Done(done.code, done.output.replace(credentials.password, "[secret]"))


def _meaning(done: Done, settings: IndexSettings) -> str:
    found = _STATUS.search(done.output)
    where = settings.upload_url or "the index"
    if found is None:
        return f"twine could not upload it to {where}\n{done.tail()}"
    status, said = int(found.group(1)), found.group(2).strip()[:200]
    steps = {
        401: f"correct the token in {settings.token_env}",
        403: f"is the token in {settings.token_env} one for this package?",
        404: "correct `upload-url` in [index]",
        405: "correct `upload-url` in [index]",
        409: "somebody else uploaded it meanwhile; publish another version",
    }
    step = steps.get(status, "run it again; what is there is not uploaded twice")
    return f"{where} answers {status} {said}\n  next: {step}"


async def _there(index: Index, release: Release) -> str:
    """What the index has of the release, for a message; never another error."""
    try:
        files = files_of(await index.project(release.package), release.version)
    except IndexFailure as error:
        first = str(error).partition("\n")[0]
        return f"  what is out there is not known: {first}"
    return _out_there(files, index)


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
