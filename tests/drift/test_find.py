"""Drift against the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.cascade.test_run import OWNER, World, world

from tailrace.drift.consumers import Consumers
from tailrace.drift.find import find_drift
from tailrace.drift.lists import WorkflowList
from tailrace.fleet.manifest import read_manifest
from tailrace.forges.base import Forge
from tailrace.lint.target import parse_target
from tailrace.runs import DriftReport
from tailrace.sandbox.seed import WORKFLOW

MANIFEST = Path(__file__).parents[1] / "fixtures" / "manifest-legacy.json"
TEMPLATE = "molecule-ai-workspace-template-"


def found(report: DriftReport) -> dict[str, str]:
    return {finding.name: finding.kind.value for finding in report.findings}


def consumers(incident: World, forge: Forge) -> Consumers:
    return Consumers(incident.fleet, forge, parse_target("gitea@1.22.6"), date(2026, 11, 25))


async def drift(incident: World, names: tuple[str, ...] | None = None) -> DriftReport:
    workflow = None if names is None else WorkflowList("publish.yml", "TEMPLATES", names)
    async with incident.forge() as forge:
        return await find_drift(
            incident.fleet, forge, consumers(incident, forge), workflow=workflow
        )


async def test_the_incidents_fleet_lists_one_without_consumer(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        report = await drift(incident)
    assert found(report) == {"crewai": "no-consumer"}
    assert report.listed == 7


async def test_gone_renamed_archived_and_unlisted(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        store = incident.server.forge
        store.delete(OWNER, f"{TEMPLATE}crewai")
        store.rename(OWNER, f"{TEMPLATE}codex", "codex-2")
        store.archive(OWNER, f"{TEMPLATE}hermes")
        files = {".forgejo/workflows/publish-image.yml": WORKFLOW.encode()}
        store.create_repository(OWNER, "nobody-listed-me", files)
        store.create_repository(OWNER, "harmless", {"README.md": b"x"})
        store.create_repository(OWNER, "empty")
        report = await drift(incident)
    assert found(report) == {
        "crewai": "gone",
        "codex": "renamed",
        "hermes": "archived",
        "nobody-listed-me": "unlisted",
        # Under its new name it is one that nobody listed.
        "codex-2": "unlisted",
    }
    for finding in report.findings:
        assert "\n  next: " in finding.message


async def test_the_manifest_and_the_workflow_are_compared(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        incident.server.forge.create_repository(OWNER, "x", {"a": b"a"})
        async with incident.forge() as forge:
            report = await find_drift(
                incident.fleet,
                forge,
                consumers(incident, forge),
                manifest=read_manifest(MANIFEST, "workspace_templates"),
                manifest_name="manifest.json",
                workflow=WorkflowList("publish.yml", "TEMPLATES", ("codex", "deepagents")),
            )
    kinds = {(finding.kind.value, finding.name) for finding in report.findings}
    assert ("not-in-manifest", "crewai") in kinds
    assert not any(kind == "only-in-manifest" for kind, _ in kinds)
    assert ("only-in-workflow", "deepagents") in kinds
    assert ("not-in-workflow", "hermes") in kinds
    assert ("not-in-workflow", "codex") not in kinds


async def test_what_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    async with world(tmp_path) as incident, incident.forge("0" * 40) as forge:
        report = await find_drift(incident.fleet, forge, consumers(incident, forge))
    assert set(found(report).values()) == {"unknown"}
    assert len(report.findings) == 8


CONSUMER = ".gitea/workflows/publish-image.yml"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {".github/workflows/publish-image.yml": WORKFLOW, ".gitea/workflows/ci.yml": WORKFLOW},
            ".github/workflows/publish-image.yml is never run: gitea reads .gitea/workflows",
        ),
        (
            {".forgejo/workflows/publish-image.yml": WORKFLOW},
            ".forgejo/workflows/publish-image.yml is never run: gitea has no such folder\n  next: ",
        ),
        (
            {CONSUMER: WORKFLOW.replace("[main]", "[main]\n    paths-ignore: ['.*']")},
            f"{CONSUMER}:5: `paths-ignore` leaves out the pin, the only file a cascade writes",
        ),
        (
            {CONSUMER: WORKFLOW.replace(".runtime-version", "VERSION")},
            f"{CONSUMER}:5: the consumer never reads the pin '.runtime-version'\n  next: ",
        ),
        ({CONSUMER: "on: [push"}, f"{CONSUMER}:1: is not YAML: "),
    ],
)
async def test_a_consumer_that_would_build_nothing(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    async with world(tmp_path) as incident:
        store = incident.server.forge
        store.delete(OWNER, f"{TEMPLATE}codex")
        pin = {".runtime-version": b"0.1.1000\n"}
        texts = {path: text.encode() for path, text in files.items()}
        store.create_repository(OWNER, f"{TEMPLATE}codex", pin | texts)
        report = await drift(incident)
    assert found(report) == {"crewai": "no-consumer", "codex": "inert-consumer"}
    finding = next(finding for finding in report.findings if finding.name == "codex")
    assert finding.message.startswith(f"{OWNER}/{TEMPLATE}codex: {said}")
    assert "\n  next: " in finding.message


async def test_equal_consumers_in_two_folders_are_no_drift_and_fetched_once(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        store = incident.server.forge
        store.delete(OWNER, f"{TEMPLATE}codex")
        text = WORKFLOW.encode()
        both = {CONSUMER: text, ".github/workflows/publish-image.yml": text}
        store.create_repository(OWNER, f"{TEMPLATE}codex", both)
        report = await drift(incident)
        blobs = [line for _, line in incident.server.api_calls if "/git/blobs/" in line]
    assert found(report) == {"crewai": "no-consumer"}
    assert len(blobs) == 1


async def test_a_consumer_of_a_folder_of_their_own_is_not_judged(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        store = incident.server.forge
        store.delete(OWNER, f"{TEMPLATE}codex")
        store.create_repository(OWNER, f"{TEMPLATE}codex", {"ci/publish-image.yml": b"on: [x"})
        own = tuple(
            replace(one, folders=("ci",)) if one.name == "codex" else one
            for one in incident.fleet.downstreams
        )
        async with incident.forge() as forge:
            report = await find_drift(
                replace(incident.fleet, downstreams=own), forge, consumers(incident, forge)
            )
    assert found(report) == {"crewai": "no-consumer"}
