"""Doctor against the sandbox."""

from __future__ import annotations

from pathlib import Path

from tests.cascade.test_run import OWNER, World, world

from tailrace.fleet.doctor import examine
from tailrace.runs import CheckState

TEMPLATE = "molecule-ai-workspace-template-"


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
