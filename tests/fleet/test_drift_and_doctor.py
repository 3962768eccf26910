"""Drift and doctor against the sandbox."""

from __future__ import annotations

from pathlib import Path

from tests.cascade.test_run import OWNER, World, world

from tailrace.fleet.doctor import examine
from tailrace.fleet.drift import find_drift
from tailrace.fleet.manifest import read_manifest
from tailrace.fleet.workflow import WorkflowList
from tailrace.runs import CheckState, DriftReport
from tailrace.sandbox.seed import WORKFLOW

MANIFEST = Path(__file__).parents[1] / "fixtures" / "manifest-legacy.json"
TEMPLATE = "molecule-ai-workspace-template-"


def found(report: DriftReport) -> dict[str, str]:
    return {finding.name: finding.kind.value for finding in report.findings}


async def drift(incident: World, names: tuple[str, ...] | None = None) -> DriftReport:
    workflow = None if names is None else WorkflowList("publish.yml", "TEMPLATES", names)
    async with incident.forge() as forge:
        return await find_drift(incident.fleet, forge, workflow=workflow)


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
        report = await find_drift(incident.fleet, forge)
    assert set(found(report).values()) == {"unknown"}
    assert len(report.findings) == 8


def bare_commit(incident: World) -> str:
    """A commit of an empty tree: the consumer is gone."""
    tree = incident.git("autogen", "hash-object", "-t", "tree", "-w", "/dev/null").strip()
    who = ["-c", "user.name=x", "-c", "user.email=x@example.test"]
    return incident.git("autogen", *who, "commit-tree", tree, "-m", "nothing").strip()


async def test_a_doctor_finds_a_token_that_lacks_the_scope_and_writes_nothing(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        weak = incident.server.forge.token("sandbox", ["read:repository", "read:user"])
        async with incident.forge(weak) as forge:
            checks = await examine(incident.fleet, forge, token_present=True)
        assert incident.commits() == before
    codex = next(check for check in checks if check.name == "codex")
    assert codex.state is CheckState.FAILED
    assert "[write:repository]" in codex.message


async def test_a_doctor_finds_what_would_fail(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        store = incident.server.forge
        store.delete(OWNER, f"{TEMPLATE}crewai")
        store.archive(OWNER, f"{TEMPLATE}hermes")
        store.protect(OWNER, f"{TEMPLATE}langgraph")
        incident.git("autogen", "update-ref", "refs/heads/main", bare_commit(incident))
        async with incident.forge() as forge:
            checks = await examine(incident.fleet, forge, token_present=True)
        reader = store.token("reader", ["read:repository"])
        store.add_user("reader")
        async with incident.forge(reader) as forge:
            as_reader = await examine(incident.fleet, forge, token_present=True)
    by_name = {check.name: check for check in checks}
    assert by_name["forge"].state is CheckState.OK
    assert "1.22.6" in by_name["forge"].message
    assert by_name["page size"].message == "50 a page"
    assert by_name["token"].message == "of sandbox"
    assert by_name["codex"].state is CheckState.OK
    assert by_name["codex"].message.endswith("readable, writable, has no .runtime-version")
    assert by_name["crewai"].state is CheckState.FAILED
    assert by_name["langgraph"].state is CheckState.FAILED
    assert "main is protected" in by_name["langgraph"].message
    assert by_name["autogen"].state is CheckState.WARNING
    assert "no publish-image.yml in" in by_name["autogen"].message
    assert by_name["hermes"].state is CheckState.FAILED
    assert {c.state for c in as_reader if c.name == "codex"} == {CheckState.FAILED}
    assert "may read, not write" in next(c.message for c in as_reader if c.name == "codex")


async def test_a_doctor_with_a_wrong_token_says_it_of_the_token(tmp_path: Path) -> None:
    async with world(tmp_path) as incident, incident.forge("0" * 40) as forge:
        checks = await examine(incident.fleet, forge, token_present=True)
    token = next(check for check in checks if check.name == "token")
    assert token.state is CheckState.FAILED
    assert "refuses the token" in token.message
