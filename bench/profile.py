"""Where the client's processor time goes."""

from __future__ import annotations

import asyncio
import cProfile
import pstats
from pathlib import Path

from bench.sizes import Sizes
from bench.world import AFTER, World, say
from tailrace.cascade.run import Run
from tailrace.fleet.file import read_fleet
from tailrace.forges.open import open_forge
from tailrace.model import Release
from tailrace.runs import Report

_TOP = 25


def show(work: Path, sizes: Sizes) -> None:
    """A cascade and a verify in this process; prints what took the most time by itself."""
    with World(work / "profile", sizes.profile) as world:
        fleet = read_fleet(world.fleet)
        release = Release(fleet.package, AFTER)

        async def run(command: str) -> Report:
            async with open_forge(fleet.forge, world.token) as forge:
                whole = Run(fleet, forge, release)
                return await (whole.cascade() if command == "cascade" else whole.verify())

        for command in ("cascade", "verify"):
            say(f"profile: {command} over {sizes.profile}")
            profile = cProfile.Profile()
            profile.runcall(asyncio.run, run(command))
            world.check(AFTER)
            print(f"\n{command} over {sizes.profile} repositories")
            pstats.Stats(profile).sort_stats("tottime").print_stats(_TOP)
