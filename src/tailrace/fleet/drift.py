"""Whether the list, the manifest, the publishing workflow and the world agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from tailrace.fleet.manifest import ManifestEntry
from tailrace.fleet.workflow import WorkflowList
from tailrace.forges.base import Forge, ForgeError, Repository
from tailrace.model import (
    Discovery,
    Downstream,
    FailureKind,
    FileKind,
    Fleet,
    RepositoryName,
    TreeView,
)
from tailrace.runs import (
    DriftFinding,
    DriftKind,
    DriftReport,
)

_KINDS = {FailureKind.NOT_FOUND: DriftKind.GONE, FailureKind.RENAMED: DriftKind.RENAMED}


async def find_drift(
    fleet: Fleet,
    forge: Forge,
    *,
    manifest: Sequence[ManifestEntry] | None = None,
    manifest_name: str = "manifest",
    workflow: WorkflowList | None = None,
) -> DriftReport:
    """Every disagreement there is. What cannot be read is a finding, never taken for agreement."""
    sources = [fleet.source, "the forge"]
    findings = [finding for one in await _each(fleet, forge) for finding in one]
    if fleet.discovery is not None:
        sources.append(f"repositories of {fleet.discovery.owner}")
        findings += [finding async for finding in _unlisted(fleet, fleet.discovery, forge)]
    if manifest is not None:
        sources.append(manifest_name)
        findings += _against_manifest(fleet, manifest, manifest_name)
    if workflow is not None:
        sources.append(workflow.file)
        findings += _against_workflow(fleet, workflow)
    return DriftReport(len(fleet.downstreams), tuple(sources), tuple(findings))


async def _each(fleet: Fleet, forge: Forge) -> list[list[DriftFinding]]:
    slots = asyncio.Semaphore(fleet.forge.concurrency)

    async def one(downstream: Downstream) -> list[DriftFinding]:
        async with slots:
            return await _listed(downstream, forge)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(downstream)) for downstream in fleet.downstreams]
    return [task.result() for task in tasks]


async def _listed(downstream: Downstream, forge: Forge) -> list[DriftFinding]:
    """What is wrong with one that is listed."""
    name = downstream.name
    try:
        facts = await forge.repository(downstream.repository)
        view = await forge.tree(
            downstream.repository,
            downstream.branch or facts.default_branch,
            downstream.consumer_paths,
        )
    except ForgeError as error:
        kind = _KINDS.get(error.kind, DriftKind.UNKNOWN)
        return [DriftFinding(kind, name, str(error))]
    if facts.archived:
        text = f"{facts.name}: is archived\n  next: take it out of the list, or unarchive it"
        return [DriftFinding(DriftKind.ARCHIVED, name, text)]
    if not _has_consumer(downstream, view):
        text = (
            f"{facts.name}: has no {downstream.consumer} in {', '.join(downstream.folders)}"
            "\n  next: take it out of the list, or restore its workflow"
        )
        return [DriftFinding(DriftKind.NO_CONSUMER, name, text)]
    return []


def _has_consumer(downstream: Downstream, view: TreeView) -> bool:
    kinds = [view.entries[path].kind for path in downstream.consumer_paths if path in view.entries]
    return any(kind in (FileKind.FILE, FileKind.SYMLINK) for kind in kinds)


async def _unlisted(fleet: Fleet, wanted: Discovery, forge: Forge) -> AsyncIterator[DriftFinding]:
    """The consumers that nobody listed."""
    listed = {str(downstream.repository).lower() for downstream in fleet.downstreams}
    try:
        candidates = [
            repository
            async for repository in forge.repositories(wanted.owner, wanted.topic)
            if _is_candidate(repository, wanted) and str(repository.name).lower() not in listed
        ]
    except ForgeError as error:
        yield DriftFinding(DriftKind.UNKNOWN, wanted.owner, str(error))
        return
    slots = asyncio.Semaphore(fleet.forge.concurrency)

    async def one(repository: Repository) -> DriftFinding | None:
        async with slots:
            return await _probe(fleet, repository, forge)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(repository)) for repository in candidates]
    for task in tasks:
        finding = task.result()
        if finding is not None:
            yield finding


def _is_candidate(repository: Repository, wanted: Discovery) -> bool:
    name = repository.name.name
    return (
        not repository.archived
        and fnmatchcase(name, wanted.name)
        and not any(fnmatchcase(name, glob) for glob in wanted.ignore)
    )


async def _probe(fleet: Fleet, repository: Repository, forge: Forge) -> DriftFinding | None:
    """Whether a repository that is not listed has a consumer all the same."""
    name = repository.name
    # The fleet's own ways of looking, so that one odd downstream widens the search.
    probes = {(d.consumer, d.folders): d for d in fleet.downstreams} or {
        ("", ()): Downstream(name.name, name)
    }
    try:
        for like in probes.values():
            view = await forge.tree(name, repository.default_branch, like.consumer_paths)
            found = [path for path in like.consumer_paths if path in view.entries]
            if _has_consumer(like, view):
                text = (
                    f"{name}: has {found[0]}, and nobody listed it"
                    f"\n  next: add it to {fleet.source}, or to discovery.ignore"
                )
                return DriftFinding(DriftKind.UNLISTED, name.name, text)
    except ForgeError as error:
        return DriftFinding(DriftKind.UNKNOWN, name.name, str(error))
    return None


def _against_manifest(
    fleet: Fleet, manifest: Sequence[ManifestEntry], manifest_name: str
) -> Iterable[DriftFinding]:
    def key(repository: RepositoryName) -> str:
        return str(repository).lower()

    in_fleet = {key(downstream.repository) for downstream in fleet.downstreams}
    in_manifest = {key(entry.repository) for entry in manifest}
    for downstream in fleet.downstreams:
        if key(downstream.repository) not in in_manifest:
            text = (
                f"{downstream.repository}: is in {fleet.source}, not in {manifest_name}"
                "\n  next: add it there, or take it out here"
            )
            yield DriftFinding(DriftKind.NOT_IN_MANIFEST, downstream.name, text)
    for entry in manifest:
        if key(entry.repository) not in in_fleet:
            text = (
                f"{entry.repository}: is in {manifest_name}, not in {fleet.source}"
                "\n  next: add it here, or take it out there"
            )
            yield DriftFinding(DriftKind.ONLY_IN_MANIFEST, entry.name, text)


def _against_workflow(fleet: Fleet, workflow: WorkflowList) -> Iterator[DriftFinding]:
    # The incident's convention: the workflow's names are the list's without "-default".
    in_fleet = {d.name.removesuffix("-default"): d for d in fleet.downstreams}
    in_workflow = {name.removesuffix("-default") for name in workflow.names}
    for name, downstream in in_fleet.items():
        if name not in in_workflow:
            text = (
                f"{downstream.repository}: is in {fleet.source}, not in {workflow.variable}"
                f" of {workflow.file}\n  next: a release would not reach it; add {name} there"
            )
            yield DriftFinding(DriftKind.NOT_IN_WORKFLOW, downstream.name, text)
    for name in sorted(in_workflow - in_fleet.keys()):
        text = (
            f"{name[:100]!a}: is in {workflow.variable} of {workflow.file},"
            f" not in {fleet.source}\n  next: add it here, or take it out there"
        )
        yield DriftFinding(DriftKind.ONLY_IN_WORKFLOW, name[:100], text)
