"""Each odd repository has an outcome of its own, and a message that says what to do."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.cascade.test_run import OWNER, RELEASE, World, no_wait, world

from tailrace.cascade.run import Run
from tailrace.model import FailureKind, Snapshot, State
from tailrace.sandbox.store import Store

REPOSITORY = "molecule-ai-workspace-template-codex"
PIN = ".runtime-version"
LINK = 0o120000
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"


@dataclass(frozen=True)
class Odd:
    """What stands there, and what has to come of it."""

    content: bytes | None
    state: State
    said: str
    written: bool
    mode: int | None = None
    path: str = PIN


ODD = {
    "folder": Odd(b"x", State.MALFORMED, "is a folder", False, path=f"{PIN}/x"),
    "large": Odd(b"1" * 100_000, State.MALFORMED, "is 100,000 bytes", False),
    "lfs": Odd(LFS, State.MALFORMED, "is a Git LFS pointer", False),
    "newer": Odd(b"0.2.0\n", State.DIVERGED, "newer than 0.1.1001", False),
    "bom": Odd(b"\xef\xbb\xbf0.1.1001\n", State.CONVERGED, "", True),
    "crlf": Odd(b"0.1.1001\r\n", State.CONVERGED, "", True),
    "not-utf8": Odd(b"\xff\xfe0\x00", State.CONVERGED, "", True),
    "stray": Odd(b"0.1.1001\n# fire\n", State.CONVERGED, "", True),
    "escape": Odd(b"\x1b[31m::error::\n", State.CONVERGED, "", True),
    "empty": Odd(b"", State.CONVERGED, "", True),
    "executable": Odd(b"0.1.1000\n", State.CONVERGED, "", True, mode=0o100755),
}


async def only_codex(incident: World) -> None:
    chosen = tuple(d for d in incident.fleet.downstreams if d.name == "codex")
    incident.fleet = replace(incident.fleet, downstreams=chosen)


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_pin(tmp_path: Path, name: str) -> None:
    odd = ODD[name]
    async with world(tmp_path) as incident:
        await only_codex(incident)
        store = incident.server.forge
        head = store.commit_file(OWNER, REPOSITORY, odd.path, odd.content, mode=odd.mode)
        incident.server.api_calls.clear()
        report = await incident.run()
        calls = [path for _, path in incident.server.api_calls]
        now = incident.git("codex", "rev-parse", "main").strip()
        mode = incident.git("codex", "ls-tree", "main", PIN).split()[0]
    (outcome,) = report.outcomes
    assert outcome.verdict.state is odd.state
    assert odd.said in outcome.verdict.detail
    assert (now != head) is odd.written
    if not odd.written:
        assert "next: " in outcome.verdict.detail
        assert outcome.verdict.detail.startswith(f"{OWNER}/{REPOSITORY}: ")
    if name == "large":
        assert not any("/git/blobs/" in path for path in calls)
    if name == "executable":
        assert mode == "100755"


@pytest.mark.parametrize(("mode", "said"), [(LINK, "is a symbolic link"), (0o160000, "submodule")])
async def test_a_pin_that_is_a_link_or_a_submodule(tmp_path: Path, mode: int, said: str) -> None:
    async with world(tmp_path) as incident:
        await only_codex(incident)
        sha = incident.git("codex", "rev-parse", "main").strip()
        if mode == LINK:
            sha = incident.git("codex", "rev-parse", "main:README.md").strip()
        add(incident, mode, sha)
        report = await incident.run()
    (outcome,) = report.outcomes
    assert outcome.verdict.state is State.MALFORMED
    assert said in outcome.verdict.detail
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.REFUSED


def add(incident: World, mode: int, sha: str) -> None:
    """Put an entry of an odd mode at the pin's path, with git's own plumbing."""
    path = incident.server.forge.path(OWNER, REPOSITORY)
    git = ["git", "-c", "safe.directory=*", "-C", str(path)]
    listed = subprocess.run([*git, "ls-tree", "main"], capture_output=True, check=True).stdout
    entry = "commit" if mode == 0o160000 else "blob"
    line = f"{mode:o} {entry} {sha}\t{PIN}\n".encode()
    tree = subprocess.run(
        [*git, "mktree", "--missing"], input=listed + line, capture_output=True, check=True
    )
    who = ["-c", "user.name=x", "-c", "user.email=x@example.test"]
    made = subprocess.run(
        [*git, *who, "commit-tree", tree.stdout.strip(), "-p", "main", "-m", "odd"],
        capture_output=True,
        check=True,
    )
    subprocess.run([*git, "update-ref", "refs/heads/main", made.stdout.strip()], check=True)


async def test_an_empty_repository_is_skipped_with_a_reason_of_its_own(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await only_codex(incident)
        remake(incident.server.forge)
        report = await incident.run()
    (verdict,) = report.verdicts
    assert (verdict.state, verdict.evidence and verdict.evidence.commit) == (State.SKIPPED, None)
    assert "is empty" in verdict.detail


def remake(store: Store) -> None:
    store.delete(OWNER, REPOSITORY)
    store.create_repository(OWNER, REPOSITORY)


async def test_a_tag_of_the_branchs_name_does_not_answer_for_it(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await only_codex(incident)
        await incident.run()
        incident.git("codex", "tag", "main", "main")
        incident.server.forge.commit_file(OWNER, REPOSITORY, PIN, b"0.0.9\n")
        report = await incident.run("verify")
    (verdict,) = report.verdicts
    assert (verdict.state, verdict.got) == (State.DIVERGED, "0.0.9")


async def test_a_default_branch_that_moved_is_followed_and_shown(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await only_codex(incident)
        incident.git("codex", "branch", "-m", "main", "trunk")
        store = incident.server.forge
        record = store.find(OWNER, REPOSITORY)
        assert record is not None
        record.default_branch = "trunk"
        store.state.repositories.put(record)
        report = await incident.run()
        assert store.read_file(OWNER, REPOSITORY, PIN, "trunk") == b"0.1.1001\n"
    (verdict,) = report.verdicts
    assert verdict.evidence is not None
    assert (verdict.state, verdict.evidence.branch) == (State.CONVERGED, "trunk")


async def test_what_was_read_is_a_fact_in_the_plan_as_well(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        # One after the other: of several at once, each may fetch the pin that all of them have.
        alone = replace(incident.fleet.forge, concurrency=1)
        incident.fleet = replace(incident.fleet, forge=alone)
        before = incident.commits()
        async with incident.forge() as forge:
            plan = await Run(incident.fleet, forge, RELEASE, sleep=no_wait).plan()
        assert incident.commits() == before
        report = await incident.run()
    assert (plan.commits, plan.pull_requests) == (6, 0)
    assert report.calls == plan.calls
    seen = plan.planned[2].observation.seen
    assert isinstance(seen, Snapshot)
    assert seen.pins[".runtime-version"].content == b"0.1.1000\n# fire-publish-image-1778872861\n"
