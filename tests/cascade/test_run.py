"""The main job against the sandbox: real HTTP, real bare repositories, read back with git."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tailrace.cascade.run import Run
from tailrace.fleet.file import read_fleet
from tailrace.forges.base import Forge
from tailrace.forges.gitea import GiteaForge
from tailrace.forges.open import open_forge
from tailrace.model import (
    Commit,
    FailureKind,
    FileChange,
    Keep,
    Refuse,
    Release,
    RepositoryName,
    Skip,
    State,
    Strategy,
)
from tailrace.runs import Report
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.seed import fleet_toml, seed
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "six-templates.json").read_text())
RELEASE = Release("molecule-ai-workspace-runtime", "0.1.1001")
OWNER = "molecule-ai"


class World:
    """The fleet of the incident on a sandbox of its own."""

    def __init__(self, server: SandboxServer, fleet: Fleet) -> None:
        self.server = server
        self.fleet = fleet

    def forge(self, token: str | None = None) -> Forge:
        return open_forge(self.fleet.forge, token or self.server.forge.admin_token, sleep=no_wait)

    async def run(self, command: str = "cascade", release: Release = RELEASE) -> Report:
        async with self.forge() as forge:
            run = Run(self.fleet, forge, release, sleep=no_wait)
            return await (run.cascade() if command == "cascade" else run.verify())

    def git(self, name: str, *arguments: str) -> str:
        downstream = next(d for d in self.fleet.downstreams if d.name == name)
        path = self.server.forge.path(downstream.repository.owner, downstream.repository.name)
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", path, *arguments],
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def commits(self) -> dict[str, int]:
        return {
            d.name: int(self.git(d.name, "rev-list", "--count", "main"))
            for d in self.fleet.downstreams
        }

    def pin(self, name: str) -> str:
        return self.git(name, "show", "main:.runtime-version")

    def repository(self, name: str) -> RepositoryName:
        return next(d for d in self.fleet.downstreams if d.name == name).repository


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def world(root: Path, *faults: Fault) -> AsyncIterator[World]:
    async with SandboxServer(root / "forge", faults=faults) as server:
        seed(server.forge, FIXTURE)
        file = root / "tailrace.toml"
        file.write_text(fleet_toml(FIXTURE, server.url))
        yield World(server, read_fleet(file))


def states(report: Report) -> dict[str, str]:
    return {v.downstream.name: v.state.value for v in report.verdicts}


ALL_CONVERGED = {
    "claude-code": "converged",
    "hermes": "converged",
    "openclaw": "converged",
    "codex": "converged",
    "langgraph": "converged",
    "autogen": "converged",
    "crewai": "skipped",
}


async def test_before_the_cascade_verify_says_what_the_incident_was(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        report = await incident.run("verify")
    assert states(report) == {
        "claude-code": "diverged",
        "hermes": "diverged",
        "openclaw": "diverged",
        "codex": "missing",
        "langgraph": "diverged",
        "autogen": "diverged",
        "crewai": "skipped",
    }
    assert [v.downstream.name for v in report.verdicts if v.malformed] == ["openclaw"]


async def test_one_run_converges_and_git_confirms_the_evidence(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        report = await incident.run()
        assert states(report) == ALL_CONVERGED
        new = {name: n - before[name] for name, n in incident.commits().items()}
        assert new == {**dict.fromkeys(ALL_CONVERGED, 1), "crewai": 0}
        for outcome in report.outcomes:
            evidence, name = outcome.verdict.evidence, outcome.verdict.downstream.name
            assert evidence is not None
            assert evidence.commit == incident.git(name, "rev-parse", "main").strip()
            if outcome.commit is not None:
                assert evidence.commit == outcome.commit.sha
                assert (evidence.blobs[".runtime-version"],) == outcome.commit.blobs
                assert incident.git(name, "cat-file", "blob", *outcome.commit.blobs) == "0.1.1001\n"
                trailer = incident.git(
                    name, "log", "-1", "--format=%(trailers:key=Tailrace-Release,valueonly)"
                )
                assert trailer.strip() == "molecule-ai-workspace-runtime 0.1.1001"


async def test_a_second_cascade_makes_no_commit_and_few_calls(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await incident.run()
        before = incident.commits()
        report = await incident.run()
        assert incident.commits() == before
    assert states(report) == ALL_CONVERGED
    assert {type(o.action) for o in report.outcomes} == {Keep, Skip}
    # The default branch and the tree: no blob is read, because the tree's SHA proves it.
    assert report.calls == 2 * len(ALL_CONVERGED)


async def test_where_the_branch_is_known_a_converged_downstream_costs_one_call(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as incident:
        on_main = tuple(replace(d, branch="main") for d in incident.fleet.downstreams)
        # One after the other: of several at once, each may fetch the pin that all of them have.
        alone = replace(incident.fleet.forge, concurrency=1)
        incident.fleet = replace(incident.fleet, downstreams=on_main, forge=alone)
        first = await incident.run()
        assert states(first) == ALL_CONVERGED
        # Tree, commit and read-back for six, a tree for crewai, and each of three pins once.
        assert first.calls == 6 * 3 + 1 + 3
        again = await incident.run()
    assert again.calls == len(ALL_CONVERGED)


async def test_two_cascades_at_the_same_time_make_one_commit_each(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        both = await asyncio.gather(incident.run(), incident.run())
        new = {name: n - before[name] for name, n in incident.commits().items()}
    assert [states(report) for report in both] == [ALL_CONVERGED, ALL_CONVERGED]
    assert new == {**dict.fromkeys(ALL_CONVERGED, 1), "crewai": 0}


@pytest.mark.parametrize(
    "fault",
    [
        "lost-answer,match=^(PUT|POST) .*/contents/",
        "status=503,match=^(PUT|POST) .*/contents/,times=3",
        "drop,match=^(PUT|POST) .*/contents/,times=3",
        "truncated-json,match=^(PUT|POST) .*/contents/",
        "html,match=^(PUT|POST) .*/contents/,times=3",
        "status=429,retry-after=1,every=3,times=4",
        "status=502,match=^GET ,every=4,times=4",
        "drop,match=^GET ,every=4,times=4",
        "truncated-json,match=^GET ,every=5,times=4",
        "html,match=^GET ,every=5,times=4",
    ],
)
async def test_with_a_faulty_forge_it_is_still_one_commit_each(tmp_path: Path, fault: str) -> None:
    async with world(tmp_path, Fault.parse(fault)) as incident:
        before = incident.commits()
        report = await incident.run()
        new = {name: n - before[name] for name, n in incident.commits().items()}
    assert states(report) == ALL_CONVERGED
    assert new == {**dict.fromkeys(ALL_CONVERGED, 1), "crewai": 0}
    # A commit whose answer was lost is not reported as if nothing had been done.
    said = {o.verdict.downstream.name for o in report.outcomes if o.commit or o.recovered}
    assert said == ALL_CONVERGED.keys() - {"crewai"}


async def test_those_that_fail_stop_no_other_and_each_has_its_own_word(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        store = incident.server.forge
        store.delete(OWNER, incident.repository("hermes").name)
        store.archive(OWNER, incident.repository("openclaw").name)
        store.rename(OWNER, incident.repository("langgraph").name, "moved")
        report = await incident.run()
        assert incident.server.forge.read_file(OWNER, "moved", ".runtime-version") == b"0.1.1000\n"
    assert states(report) == {
        **ALL_CONVERGED,
        "hermes": "unknown",
        "openclaw": "diverged",
        "langgraph": "diverged",
    }
    failures = {
        o.verdict.downstream.name: o.failure.kind for o in report.outcomes if o.failure is not None
    }
    assert failures == {
        "hermes": FailureKind.NOT_FOUND,
        "openclaw": FailureKind.ARCHIVED,
        "langgraph": FailureKind.RENAMED,
    }
    for outcome in report.outcomes:
        if outcome.failure is not None:
            assert "next: " in outcome.verdict.detail
            assert "molecule-ai/" in outcome.verdict.detail


async def test_a_wrong_token_is_unknown_for_all_and_writes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        before = incident.commits()
        async with incident.forge("0" * 40) as forge:
            report = await Run(incident.fleet, forge, RELEASE, sleep=no_wait).cascade()
        assert incident.commits() == before
    assert set(states(report).values()) == {"unknown"}
    assert {o.failure.kind for o in report.outcomes if o.failure} == {FailureKind.TOKEN_REFUSED}


class Overtaken(GiteaForge):
    """A forge on which somebody else writes just before every write of ours."""

    sandbox: SandboxServer
    written = 0

    async def write_files(
        self,
        name: RepositoryName,
        branch: str,
        changes: Sequence[FileChange],
        message: str,
        new_branch: str | None = None,
    ) -> Commit:
        self.written += 1
        self.sandbox.forge.commit_file(
            name.owner, name.name, changes[0].path, b"0.0.%d\n" % self.written, "somebody else"
        )
        return await super().write_files(name, branch, changes, message, new_branch)


async def test_a_second_writer_that_always_wins_is_said_and_not_fought_for_ever(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as incident:
        forge = incident.forge()
        assert isinstance(forge, GiteaForge)
        forge.__class__ = Overtaken
        assert isinstance(forge, Overtaken)
        forge.sandbox = incident.server
        async with forge:
            codex = tuple(d for d in incident.fleet.downstreams if d.name == "codex")
            fleet = replace(incident.fleet, downstreams=codex)
            report = await Run(fleet, forge, RELEASE, sleep=no_wait).cascade()
        assert incident.pin("codex") == "0.0.6\n"
    (outcome,) = report.outcomes
    assert outcome.verdict.state is State.DIVERGED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.CONFLICT


async def only_codex_by_pull_request(incident: World) -> None:
    chosen = [d for d in incident.fleet.downstreams if d.name == "codex"]
    proposed = tuple(replace(d, strategy=Strategy.PULL_REQUEST) for d in chosen)
    incident.fleet = replace(incident.fleet, downstreams=proposed)


async def test_calendar_versions_with_leading_zeros_are_found_again(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await only_codex_by_pull_request(incident)
        first = await incident.run(release=Release(RELEASE.package, "2024.01.15"))
        again = await incident.run(release=Release(RELEASE.package, "2024.01.15"))
        assert again.outcomes[0].pull_request == first.outcomes[0].pull_request
        later = await incident.run(release=Release(RELEASE.package, "2024.02.15"))
        async with incident.forge() as forge:
            opened = await forge.pull_requests(incident.repository("codex"), "main")
    assert opened == (later.outcomes[0].pull_request,)


async def test_superseding_needs_no_scope_but_write_repository(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await only_codex_by_pull_request(incident)
        await incident.run()
        token = incident.server.forge.token("sandbox", ["write:repository"])
        async with incident.forge(token) as forge:
            newer = Release(RELEASE.package, "0.1.1002")
            report = await Run(incident.fleet, forge, newer, sleep=no_wait).cascade()
            opened = await forge.pull_requests(incident.repository("codex"), "main")
    assert report.outcomes[0].failure is None
    assert opened == (report.outcomes[0].pull_request,)


async def test_a_branch_that_a_merged_pull_request_left_is_named(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        await only_codex_by_pull_request(incident)
        await incident.run()
        head = "tailrace/molecule-ai-workspace-runtime-0.1.1001"
        incident.git("codex", "update-ref", "refs/heads/main", f"refs/heads/{head}")
        async with incident.forge() as forge:
            (pull,) = await forge.pull_requests(incident.repository("codex"), "main")
            store = incident.server.forge
            (issue,) = [issue for issue in store.state.issues if issue.number == pull.number]
            issue.state = "closed"
        store.commit_file(OWNER, incident.repository("codex").name, ".runtime-version", b"0.1.8\n")
        report = await incident.run()
    (outcome,) = report.outcomes
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.REFUSED
    assert "next: delete the branch" in outcome.failure.message


async def test_a_pull_request_is_opened_reused_and_superseded(tmp_path: Path) -> None:
    async with world(tmp_path) as incident:
        chosen = tuple(
            replace(d, strategy=Strategy.PULL_REQUEST)
            for d in incident.fleet.downstreams
            if d.name in ("codex", "hermes")
        )
        incident.fleet = replace(incident.fleet, downstreams=chosen)
        before = incident.commits()
        first = await incident.run()
        again = await incident.run()
        assert incident.commits() == before
        assert states(first) == states(again) == {"hermes": "diverged", "codex": "missing"}
        urls = [o.pull_request and o.pull_request.url for o in first.outcomes]
        assert urls == [o.pull_request and o.pull_request.url for o in again.outcomes]
        assert None not in urls
        assert all("waits for a merge" in v.detail for v in first.verdicts)

        newer = await incident.run(release=Release(RELEASE.package, "0.1.1002"))
        async with incident.forge() as forge:
            for outcome in newer.outcomes:
                opened = await forge.pull_requests(outcome.verdict.downstream.repository, "main")
                assert opened == (outcome.pull_request,)
                assert opened[0].head == "tailrace/molecule-ai-workspace-runtime-0.1.1002"

        other_package = Release("molecule-ai-workspace", "0.1.9")
        name = incident.repository("codex")
        async with incident.forge() as forge:
            # Its branches begin with what another package's would.
            await Run(incident.fleet, forge, other_package, sleep=no_wait).cascade()
            heads = sorted(pull.head for pull in await forge.pull_requests(name, "main"))
        assert heads == [
            "tailrace/molecule-ai-workspace-0.1.9",
            "tailrace/molecule-ai-workspace-runtime-0.1.1002",
        ]

        older = await incident.run()
        assert [type(o.action) for o in older.outcomes] != [Refuse, Refuse]
        for outcome in older.outcomes:
            assert outcome.failure is not None
            assert "carries a newer release" in outcome.failure.message
