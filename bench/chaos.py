"""``scripts/bench chaos``: the fault matrix, judged by what the Git repositories have."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.chaos_cases import NAMES, OWNER, PIN, Case, cases
from bench.chaos_judge import WANT, Verdicts, judge
from bench.part import Part
from bench.sizes import QUICK, Sizes
from bench.table import Goal, markdown
from tailrace.cascade.run import Run
from tailrace.forges.http import Patience
from tailrace.forges.open import open_forge
from tailrace.model import Downstream, ForgeKind, Release, RepositoryName
from tailrace.runs import Report
from tailrace.sandbox.seed import WORKFLOW
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import Fleet, ForgeSettings

#: A run of three repositories that takes longer than this hangs.
_DEADLINE = 60.0
_AT_ONCE = 4
_CONSUMER = ".gitea/workflows/publish-image.yml"


async def no_wait(seconds: float) -> None:
    """The injected sleep: back-off costs a turn, no time."""
    await asyncio.sleep(0)


async def run_case(case: Case, folder: Path, into: Verdicts) -> None:
    """One case on a sandbox of its own."""
    into.cases += 1
    async with SandboxServer(folder) as server:
        for name in NAMES:
            files = {PIN: b"1.0.0\n", _CONSUMER: WORKFLOW.encode()}
            server.forge.create_repository(OWNER, name, files)
        if case.fault is not None:
            server.faults.append(case.fault)
        _interfere(case, server)
        try:
            async with asyncio.timeout(_DEADLINE):
                report = await _cascade(case, server)
        except TimeoutError:
            into.hung.append(case.name)
            return
        token = server.forge.admin_token
        judge(case, report, folder / "repositories", token, into)


def _interfere(case: Case, server: SandboxServer) -> None:
    """Somebody acts between our reading of a branch and our moving it."""
    between = case.between
    if between is None:
        return
    done: set[str] = set()

    async def before_commit() -> None:
        path = server.api_calls[-1][1].split("?")[0]
        name = path.split("/")[5]
        if name in NAMES and (case.always or name not in done):
            done.add(name)
            between(server.forge, name)

    server.before_commit = before_commit


async def _cascade(case: Case, server: SandboxServer) -> Report:
    settings = ForgeSettings(
        ForgeKind.GITEA, server.url, OWNER, timeout=0.4, concurrency=1 if case.between else 8
    )
    downstreams = tuple(
        Downstream(name, RepositoryName(OWNER, name), strategy=case.strategy) for name in NAMES
    )
    forge = open_forge(
        settings, server.forge.admin_token, sleep=no_wait, patience=Patience(attempts=5)
    )
    skew = timedelta(seconds=case.skew)
    async with forge:
        run = Run(
            Fleet("chaos", settings, downstreams),
            forge,
            Release("chaos", WANT),
            sleep=no_wait,
            clock=lambda: datetime.now(UTC) + skew,
        )
        return await run.cascade()


async def run_all(chosen: Iterable[Case], root: Path) -> Verdicts:
    """Every case, some at a time."""
    verdicts = Verdicts()
    queue = iter(enumerate(chosen))

    async def work() -> None:
        for number, case in queue:
            await run_case(case, root / str(number), verdicts)
            if verdicts.cases % 50 == 0:
                print(f"{verdicts.cases} cases ...", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
    return verdicts


def measure(work: Path, sizes: Sizes) -> Part:
    """The figures as a part of the page; every case that was judged wrong is a note."""
    # What the sandbox says of a repository that is deleted under it is no news here.
    logging.disable(logging.CRITICAL)
    verdicts = asyncio.run(run_all(cases(small=sizes is QUICK), work / "chaos"))
    rows = [["cases run", str(verdicts.cases)]]
    rows += [[name, str(len(bad))] for name, bad in verdicts.rows()]
    goals = tuple(Goal(f"no {name}", str(len(bad)), met=not bad) for name, bad in verdicts.rows())
    notes = tuple(f"{name}: {line}" for name, bad in verdicts.rows() for line in bad)
    return Part(markdown(["what", "figure"], rows), goals, notes)
