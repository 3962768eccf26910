"""``tailrace.toml`` into a `Fleet`, with errors that name file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tailrace.fleet import shape
from tailrace.fleet.bounded import read_bounded
from tailrace.fleet.manifest import read_manifest
from tailrace.fleet.names import check_url
from tailrace.fleet.problems import FleetFileError, across, problem_of, refused, syntax_error
from tailrace.model import Downstream, ForgeKind, Pin, PinFormat, RepositoryName, Strategy
from tailrace.settings import (
    Discovery,
    Fleet,
    ForgeSettings,
    IndexSettings,
    LintSettings,
    Policy,
    PublishSettings,
    Severity,
    Smoke,
)
from tailrace.versions import VersionPolicy

#: 10,000 downstreams with every key set are about 3 MB.
_LIMIT = 16 * 1024 * 1024


def read_fleet(file: Path, *, manifest: Path | None = None, list_name: str | None = None) -> Fleet:
    """The fleet that ``file`` declares, with the manifest's downstreams instead if one is named.

    Raises `FleetFileError` with all that is wrong, each as ``FILE:LINE: KEY: fact``.
    """
    next_step = "`tailrace init` writes one, or name it with --fleet"
    source = read_bounded(file, _LIMIT, next_step)
    try:
        loaded = tomllib.loads(source.decode())
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise FleetFileError(f"{file}:{line}: is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise FleetFileError(syntax_error(file, str(error))) from error
    except (RecursionError, ValueError) as error:
        raise FleetFileError(f"{file}:1: cannot be read as TOML") from error
    try:
        checked = shape.FleetFile.model_validate(loaded)
    except ValidationError as error:
        problems = [problem_of(details) for details in error.errors(include_url=False)]
        raise refused(file, source, problems) from error
    problems = list(across(checked, listed_elsewhere=manifest is not None))
    if problems:
        raise refused(file, source, problems)
    return _fleet(file, checked, manifest, list_name)


def _fleet(
    file: Path, checked: shape.FleetFile, manifest: Path | None, list_name: str | None
) -> Fleet:
    forge = checked.forge
    kind = ForgeKind(forge.kind)
    url = _absolute(file, forge.url) if kind is ForgeKind.GIT else check_url(forge.url)
    token_file = forge.token_file
    if token_file is not None:
        token_file = _absolute(file, token_file)
    settings = ForgeSettings(
        kind=kind,
        url=url,
        owner=forge.owner,
        token_env=forge.token_env,
        token_file=token_file,
        concurrency=forge.concurrency,
        timeout=forge.timeout,
    )
    if manifest is not None and list_name is not None:
        downstreams = tuple(_of_manifest(checked, manifest, list_name))
    else:
        downstreams = tuple(_of_file(file, checked))
    found = checked.discovery
    return Fleet(
        package=checked.package,
        forge=settings,
        downstreams=downstreams,
        policy=Policy(
            versions=VersionPolicy(checked.policy.versions),
            skip_without_token_on=tuple(checked.policy.skip_without_token_on),
        ),
        discovery=None
        if found is None
        else Discovery(found.owner, found.name, found.topic, tuple(found.ignore)),
        index=_index(checked),
        publish=_publish(file, checked),
        lint=_lint(checked),
        source=str(file),
    )


def _index(checked: shape.FleetFile) -> IndexSettings | None:
    table = checked.index
    if table is None:
        return None
    return IndexSettings(
        url=table.url,
        upload_url=table.upload_url,
        username=table.username,
        token_env=table.token_env,
        private=table.private,
        pythons=tuple(table.python),
        good_answers=table.good_answers,
        deadline=table.deadline,
    )


def _publish(file: Path, checked: shape.FleetFile) -> PublishSettings:
    table = checked.publish
    place, smoke = table.version_in, table.smoke
    return PublishSettings(
        source=_absolute(file, table.source),
        tag_prefix=table.tag_prefix,
        repository=None if table.repo is None else _repository(checked, table.repo),
        branch=table.branch,
        version_in=None if place is None else Pin(place.path, PinFormat(place.format), place.key),
        attestations=table.attestations,
        timeout=table.timeout,
        smoke=Smoke(
            tuple(smoke.modules),
            tuple(smoke.entry_points),
            tuple(smoke.command),
            smoke.timeout,
        ),
    )


def _lint(checked: shape.FleetFile) -> LintSettings:
    table = checked.lint
    return LintSettings(
        target=table.target,
        runner_labels=tuple(table.runner_labels),
        docker_labels=tuple(table.docker_labels),
        severities={rule: Severity(said.severity) for rule, said in table.rules.items()},
        optional_contexts=tuple(table.optional_contexts),
        forbidden_paths=dict(table.forbidden_paths),
        denied_env=tuple(table.denied_env),
        tracking_days=table.tracking_days,
        green_runs=table.green_runs,
        workflow_list=table.workflow_list,
    )


def _absolute(file: Path, named: str) -> str:
    """A path of the fleet file: relative to it, or to a home."""
    try:
        return str((file.parent / Path(named).expanduser()).resolve())
    except (RuntimeError, OSError) as error:
        raise FleetFileError(f"{file}: {named!a}: no such home or path") from error


def _of_file(file: Path, checked: shape.FleetFile) -> Iterator[Downstream]:
    names = {row.name for row in checked.downstream}
    repositories = set()
    for row in checked.downstream:
        downstream = _downstream(checked, row.name, _repository(checked, row.repo), row)
        repositories.add(str(downstream.repository).lower())
        yield downstream
    if checked.fleet is not None:
        path = Path(_absolute(file, checked.fleet.manifest))
        for downstream in _of_manifest(checked, path, checked.fleet.list_):
            # What the fleet file says of a repository goes before the manifest.
            if str(downstream.repository).lower() in repositories:
                continue
            if downstream.name in names:
                raise FleetFileError(f"{path}: {downstream.name} is another one in {file}")
            yield downstream


def _of_manifest(checked: shape.FleetFile, manifest: Path, list_name: str) -> Iterable[Downstream]:
    for entry in read_manifest(manifest, list_name):
        yield _downstream(checked, entry.name, entry.repository, None, entry.ref)


def _repository(checked: shape.FleetFile, text: str) -> RepositoryName:
    owner, slash, name = text.partition("/")
    return (
        RepositoryName(owner, name) if slash else RepositoryName(checked.forge.owner or "", owner)
    )


def _downstream(
    checked: shape.FleetFile,
    name: str,
    repository: RepositoryName,
    row: shape.DownstreamTable | None,
    branch: str | None = None,
) -> Downstream:
    defaults = checked.defaults

    def of(key: str) -> Any:
        own = getattr(row, key) if row is not None else None
        return getattr(defaults, key) if own is None else own

    return Downstream(
        name=name,
        repository=repository,
        branch=branch or of("branch"),
        pins=shape.pins_of(checked, row),
        consumer=of("consumer"),
        folders=tuple(of("folders")),
        strategy=Strategy(of("strategy")),
    )
