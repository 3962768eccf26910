"""Every disagreement of the list with the forge, the manifest and the publishing workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tailrace.atonce import each_at_once
from tailrace.drift.consumers import Consumers
from tailrace.drift.lists import WorkflowList
from tailrace.fleet.discovery import Discovered, discover
from tailrace.fleet.manifest import ManifestEntry
from tailrace.forges.base import Forge, ForgeError
from tailrace.model import WORKFLOW_FOLDERS, Downstream, Failure, FailureKind, RepositoryName
from tailrace.runs import DriftFinding, DriftKind, DriftReport, Step, Watch, ignore
from tailrace.settings import Discovery, Fleet

_KINDS = {FailureKind.NOT_FOUND: DriftKind.GONE, FailureKind.RENAMED: DriftKind.RENAMED}


async def find_drift(
    fleet: Fleet,
    forge: Forge,
    consumers: Consumers,
    *,
    manifest: Sequence[ManifestEntry] | None = None,
    manifest_name: str = "manifest",
    workflow: WorkflowList | None = None,
    watch: Watch = ignore,
) -> DriftReport:
    """Every disagreement there is. What cannot be read is a finding, never taken for agreement."""
    sources = [fleet.source, "the forge"]

    async def one(downstream: Downstream) -> list[DriftFinding]:
        found = await _listed(downstream, forge, consumers)
        watch(downstream, Step.DONE, "")
        return found

    rows = await each_at_once(fleet.downstreams, one, fleet.forge.concurrency)
    findings = [finding for row in rows for finding in row]
    if fleet.discovery is not None:
        sources.append(f"repositories of {fleet.discovery.owner}")
        findings += await _unlisted(fleet, fleet.discovery, forge)
    if manifest is not None:
        sources.append(manifest_name)
        findings += _against_manifest(fleet, manifest, manifest_name)
    if workflow is not None:
        sources.append(workflow.file)
        findings += _against_workflow(fleet, workflow)
    return DriftReport(len(fleet.downstreams), tuple(sources), tuple(findings))


async def _listed(downstream: Downstream, forge: Forge, consumers: Consumers) -> list[DriftFinding]:
    """What is wrong with one that is listed."""
    name = downstream.name
    try:
        facts = await forge.repository(downstream.repository)
        view = await forge.tree(
            downstream.repository,
            downstream.branch or facts.default_branch,
            (*downstream.consumer_paths, *WORKFLOW_FOLDERS),
        )
        reason = await consumers.why_inert(downstream, view) if view.consumers(downstream) else None
    except ForgeError as error:
        kind = _KINDS.get(error.kind, DriftKind.UNKNOWN)
        return [DriftFinding(kind, name, str(error))]
    if facts.archived:
        text = f"{facts.name}: is archived\n  next: take it out of the list, or unarchive it"
        return [DriftFinding(DriftKind.ARCHIVED, name, text)]
    if not view.consumers(downstream):
        text = (
            f"{facts.name}: has no {downstream.consumer} in {', '.join(downstream.folders)}"
            "\n  next: take it out of the list, or restore its workflow"
        )
        return [DriftFinding(DriftKind.NO_CONSUMER, name, text)]
    if reason is not None:
        return [DriftFinding(DriftKind.INERT_CONSUMER, name, f"{facts.name}: {reason}")]
    return []


async def _unlisted(fleet: Fleet, wanted: Discovery, forge: Forge) -> list[DriftFinding]:
    """The consumers that nobody listed."""
    listed = {str(downstream.repository).lower() for downstream in fleet.downstreams}
    try:
        found = await discover(
            forge,
            wanted,
            # The fleet's own ways of looking, so that one odd downstream widens the search.
            fleet.downstreams,
            fleet.forge.concurrency,
            leave_out=lambda name: str(name).lower() in listed,
        )
    except ForgeError as error:
        return [DriftFinding(DriftKind.UNKNOWN, wanted.owner, str(error))]
    return [_finding(fleet, one) for one in found]


def _finding(fleet: Fleet, one: Discovered) -> DriftFinding:
    name = one.repository.name
    if isinstance(one.found, Failure):
        return DriftFinding(DriftKind.UNKNOWN, name, one.found.message)
    text = (
        f"{one.repository}: has {one.found}, and nobody listed it"
        f"\n  next: add it to {fleet.source}, or to discovery.ignore"
    )
    return DriftFinding(DriftKind.UNLISTED, name, text)


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
    in_fleet = [(d.name.removesuffix("-default"), d) for d in fleet.downstreams]
    in_workflow = {name.removesuffix("-default") for name in workflow.names}
    for name, downstream in in_fleet:
        if name not in in_workflow:
            text = (
                f"{downstream.repository}: is in {fleet.source}, not in {workflow.variable}"
                f" of {workflow.file}\n  next: a release would not reach it; add {name} there"
            )
            yield DriftFinding(DriftKind.NOT_IN_WORKFLOW, downstream.name, text)
    for name in sorted(in_workflow - {name for name, _ in in_fleet}):
        text = (
            f"{name[:100]!a}: is in {workflow.variable} of {workflow.file},"
            f" not in {fleet.source}\n  next: add it here, or take it out there"
        )
        yield DriftFinding(DriftKind.ONLY_IN_WORKFLOW, name[:100], text)
