"""The main job on every forge: converged, one commit, and at the cost that the plan said."""

from __future__ import annotations

from dataclasses import replace

import pygit2
import pytest
from tests.conformance.gitwork import head
from tests.conformance.worlds import Ability, World, no_wait

from tailrace.cascade.run import Run
from tailrace.model import Downstream, Keep, Release, RepositoryName, State, Strategy
from tailrace.settings import Fleet

RELEASE = Release("runtime", "0.1.1001")
FILES = {".runtime-version": b"0.1.1000\n", ".github/workflows/publish-image.yml": b"on: push\n"}


def fleet_of(world: World, name: RepositoryName, strategy: Strategy = Strategy.COMMIT) -> Fleet:
    downstream = Downstream("one", name, strategy=strategy)
    return Fleet(RELEASE.package, world.settings(), (downstream,))


async def test_one_commit_then_none_and_the_plan_knew_the_cost(world: World) -> None:
    made = await world.create("job", FILES)
    fleet = fleet_of(world, made)
    async with world.forge() as forge:
        plan = await Run(fleet, forge, RELEASE, sleep=no_wait).plan()
    async with world.forge() as forge:
        first = await Run(fleet, forge, RELEASE, sleep=no_wait).cascade()
    async with world.git(made) as git:
        commit = head(git)
        assert (
            git[commit]
            .peel(pygit2.Commit)
            .message.endswith("\nTailrace-Release: runtime 0.1.1001\n")
        )
    async with world.forge() as forge:
        again = await Run(fleet, forge, RELEASE, sleep=no_wait).cascade()
        verdict = (await Run(fleet, forge, RELEASE, sleep=no_wait).verify()).verdicts[0]
    assert [v.state for v in first.verdicts] == [State.CONVERGED]
    assert plan.calls == first.calls
    assert type(again.outcomes[0].action) is Keep
    assert verdict.evidence is not None
    assert (verdict.state, verdict.evidence.commit) == (State.CONVERGED, commit)


@pytest.mark.needs(Ability.PULL_REQUESTS)
async def test_a_pull_request_at_the_cost_that_the_plan_said(world: World) -> None:
    made = await world.create("proposal", FILES)
    fleet = fleet_of(world, made, Strategy.PULL_REQUEST)
    async with world.forge() as forge:
        plan = await Run(fleet, forge, RELEASE, sleep=no_wait).plan()
    async with world.forge() as forge:
        first = await Run(fleet, forge, RELEASE, sleep=no_wait).cascade()
    assert (plan.commits, plan.pull_requests) == (1, 1)
    assert plan.calls == first.calls
    async with world.forge() as forge:
        again = await Run(fleet, forge, RELEASE, sleep=no_wait).cascade()
    assert first.outcomes[0].pull_request == again.outcomes[0].pull_request
    assert again.outcomes[0].commit is None


async def test_a_downstream_that_fails_stops_no_other(world: World) -> None:
    made = await world.create("there", FILES)
    fleet = fleet_of(world, made)
    gone = replace(fleet.downstreams[0], name="gone", repository=RepositoryName(made.owner, "no"))
    fleet = replace(fleet, downstreams=(gone, *fleet.downstreams))
    async with world.forge() as forge:
        report = await Run(fleet, forge, RELEASE, sleep=no_wait).cascade()
    assert [v.state for v in report.verdicts] == [State.UNKNOWN, State.CONVERGED]
