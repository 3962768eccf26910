"""How much is measured: for people in a hurry, as usual, or everything several times."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers of repositories and of runs."""

    #: Fleets for the rivals.
    fleets: tuple[int, ...] = (6, 50, 200)
    #: Seconds before each answer.
    latencies: tuple[float, ...] = (0.0, 0.02, 0.1)
    #: Runs of everything that is quick.
    runs: int = 3
    #: Runs of the rivals on a fleet of `many` and more: they take minutes.
    slow_runs: int = 1
    many: int = 200
    floor: int = 200
    unchanged: int = 10_000
    startups: int = 20
    calls: int = 20
    watched: int = 200
    throttled: int = 200
    profile: int = 1_000


USUAL = Sizes()
QUICK = Sizes(
    fleets=(6, 20),
    runs=1,
    many=20,
    floor=20,
    unchanged=1_000,
    startups=5,
    calls=6,
    watched=60,
    throttled=60,
    profile=200,
)
FULL = Sizes(runs=5, slow_runs=3)
