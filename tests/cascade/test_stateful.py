"""Random fleets, faults, other writers and releases, step by step, against a small model."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pygit2
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tailrace.cascade.run import Run
from tailrace.forges.http import Patience
from tailrace.forges.open import open_forge
from tailrace.model import Downstream, ForgeKind, Release, RepositoryName, State
from tailrace.report.words import exit_code
from tailrace.runs import Report
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.seed import WORKFLOW
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings
from tailrace.versions import is_newer, is_version

OWNER, PIN = "fleet", ".runtime-version"
CONSUMER = ".gitea/workflows/publish-image.yml"
NAMES = ("a", "b", "c", "d", "e")
VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0")

versions = st.sampled_from(VERSIONS)
pins = st.one_of(
    st.none(),
    versions.map(lambda v: f"{v}\n".encode()),
    st.sampled_from([b"1.0.0", b"1.0.1\n# x\n", b"latest\n", b"", b"\xff\n", b"1.0.0\r\n"]),
)
faults = st.lists(
    st.builds(
        lambda kind, match, times, after: Fault.parse(
            f"{kind},match={match},times={times},after={after}"
        ),
        st.sampled_from(
            [
                "status=503",
                "status=429",
                "status=500",
                "drop",
                "lost-answer",
                "truncated-json",
                "html",
                "wrong-json",
            ]
        ),
        st.sampled_from(["^GET", "^(PUT|POST)", "trees", "blobs", "contents"]),
        st.integers(1, 4),
        st.integers(0, 5),
    ),
    max_size=2,
)


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


class Fleets(RuleBasedStateMachine):
    """A sandbox that people, faults and cascades act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.server = SandboxServer(Path(self.folder.name) / "forge")
        self.names: tuple[str, ...] = ()
        self.run(self.server.__aenter__())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.server.__aexit__(None, None, None))
        self.run(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.folder.cleanup()

    @initialize(first=st.lists(pins, min_size=2, max_size=5))
    def begin(self, first: list[bytes | None]) -> None:
        self.names = NAMES[: len(first)]
        for name, pin in zip(self.names, first, strict=True):
            files = {CONSUMER: WORKFLOW.encode(), **({} if pin is None else {PIN: pin})}
            self.server.forge.create_repository(OWNER, name, files)

    # the world, read with git itself

    def git(self, name: str) -> pygit2.Repository:
        return pygit2.Repository(str(self.server.forge.path(OWNER, name)))

    def pin(self, name: str) -> bytes | None:
        try:
            return self.server.forge.read_file(OWNER, name, PIN)
        except KeyError:
            return None

    def releases(self, name: str) -> int:
        git = self.git(name)
        head = git.references["refs/heads/main"].target
        return sum("Tailrace-Release: p " in (made.message or "") for made in git.walk(head))

    # what happens

    @rule(name=st.sampled_from(NAMES), pin=pins)
    def somebody_edits(self, name: str, pin: bytes | None) -> None:
        if name in self.names and self.pin(name) != pin:
            self.server.forge.commit_file(OWNER, name, PIN, pin)

    @rule(version=versions, wrong=faults, downgrade=st.booleans(), at=st.none() | st.integers(1, 4))
    def cascade(self, version: str, wrong: list[Fault], *, downgrade: bool, at: int | None) -> None:
        before = {name: (self.pin(name), self.releases(name)) for name in self.names}
        overtaken: set[str] = set()
        self.server.faults.extend(wrong)
        self.overtake(at, overtaken)
        report: Report = self.run(self.carry(version, downgrade=downgrade))
        self.server.faults.clear()
        self.overtake(None, overtaken)
        states = {v.downstream.name: v.state for v in report.verdicts}
        for name, (pin, releases) in before.items():
            now, exact = self.pin(name), f"{version}\n".encode()
            if states[name] is State.CONVERGED:
                assert now == exact
            if name in overtaken:
                continue
            assert self.releases(name) - releases <= 1
            if pin == exact:
                assert (self.releases(name), now) == (releases, exact)
            said = (pin or b"").split(b"\n")[0].strip().decode(errors="replace")
            if is_version(said) and is_newer(said, version) and not downgrade:
                assert now == pin
            elif not wrong and not overtaken:
                assert (states[name], now) == (State.CONVERGED, exact)
        if exit_code(report) == 0:
            assert all(self.pin(name) == f"{version}\n".encode() for name in self.names)

    @invariant()
    def no_commit_is_empty(self) -> None:
        for name in self.names:
            git = self.git(name)
            for made in git.walk(git.references["refs/heads/main"].target):
                if made.parents and "Tailrace-Release" in (made.message or ""):
                    assert made.tree_id != made.parents[0].tree_id

    def overtake(self, at: int | None, overtaken: set[str]) -> None:
        """A newer release is pushed to a repository just before our n-th write."""
        count = 0

        async def before_commit() -> None:
            nonlocal count
            count += 1
            name = self.server.api_calls[-1][1].split("/")[5]
            if count == at and name in self.names:
                overtaken.add(name)
                self.server.forge.commit_file(OWNER, name, PIN, b"3.0.0\n")

        self.server.before_commit = before_commit

    async def carry(self, version: str, *, downgrade: bool) -> Report:
        forge_settings = ForgeSettings(ForgeKind.GITEA, self.server.url, OWNER, timeout=5.0)
        downstreams = tuple(Downstream(n, RepositoryName(OWNER, n), "main") for n in self.names)
        forge = open_forge(
            forge_settings,
            self.server.forge.admin_token,
            sleep=no_wait,
            patience=Patience(attempts=6),
        )
        async with forge:
            run = Run(
                Fleet("p", forge_settings, downstreams),
                forge,
                Release("p", version),
                allow_downgrade=downgrade,
                sleep=no_wait,
            )
            return await run.cascade()


Fleets.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFleets = Fleets.TestCase
