"""Every fault, at every step, once, a few times and always; and who interferes in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tailrace.model import Strategy
from tailrace.sandbox.faults import Fault
from tailrace.sandbox.store import Store

OWNER = "chaos"
NAMES = ("one", "two", "three")
PIN = ".runtime-version"

#: What goes wrong, as `tailrace sandbox --fault` takes it.
FAULTS = (
    "status=429,retry-after=0",
    "status=429",
    "status=500",
    "status=502",
    "status=503",
    "status=401",
    "latency=1.5",
    "drop",
    "lost-answer",
    "slow-body=1.5",
    "truncated-json",
    "wrong-json",
    "html",
    "redirect=http://127.0.0.1:9/elsewhere",
)
#: Where it goes wrong: a call of each step.
STEPS = {
    "listing": "^GET .*/git/trees/",
    "blob": "^GET .*/git/blobs/",
    "repository": r"^GET /api/v1/repos/[^/]+/[^/?]+$",
    "write": "^(PUT|POST) .*/contents",
    "pulls": "^GET .*/pulls",
    "open": "^POST .*/pulls$",
}
#: Which steps a strategy has.
OF_STRATEGY = {
    Strategy.COMMIT: ("listing", "blob", "repository", "write"),
    Strategy.PULL_REQUEST: ("listing", "blob", "write", "pulls", "open"),
}
TIMES = (1, 3, 0)
#: After these a run that is patient must still converge, when they end by themselves.
RECOVERABLE = frozenset(
    fault for fault in FAULTS if not fault.startswith(("status=401", "redirect"))
)

Interference = Callable[[Store, str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One run over the three repositories."""

    name: str
    strategy: Strategy
    fault: Fault | None = None
    #: What somebody does to a repository just before our first write to it.
    between: Interference | None = None
    #: The same before every write of ours: a writer that always wins.
    always: bool = False
    #: Seconds that the runner's clock is off.
    skew: float = 0.0
    #: It must converge whole.
    must_converge: bool = False


def cases(*, small: bool = False) -> Iterator[Case]:
    """The whole matrix; with ``small`` one case for each fault and step, commits only."""
    for strategy, steps in OF_STRATEGY.items():
        if small and strategy is not Strategy.COMMIT:
            continue
        for step in steps:
            for fault in FAULTS:
                for times in TIMES[:1] if small else TIMES:
                    yield _faulty(strategy, step, fault, times)
        for name, between in INTERFERENCE.items():
            yield Case(f"{strategy} {name}", strategy, between=between)
        yield Case(f"{strategy} a writer that always wins", strategy, between=edit, always=True)
        for skew in (-86_400.0, 86_400.0):
            name = f"{strategy} clock off by {skew:+.0f} s"
            good = strategy is Strategy.COMMIT
            yield Case(name, strategy, skew=skew, must_converge=good)


def _faulty(strategy: Strategy, step: str, fault: str, times: int) -> Case:
    spec = f"{fault},match={STEPS[step]}" + (f",times={times}" if times else "")
    often = f"{times}x" if times else "always"
    return Case(
        name=f"{strategy} {step} {fault} {often}",
        strategy=strategy,
        fault=Fault.parse(spec),
        must_converge=bool(times) and fault in RECOVERABLE and strategy is Strategy.COMMIT,
    )


def edit(store: Store, name: str) -> None:
    """Another version in the pin."""
    number = len(store.read_file(OWNER, name, PIN))
    store.commit_file(OWNER, name, PIN, b"0.0.%d\n" % (number * 7), "somebody else")


def beside(store: Store, name: str) -> None:
    """Another file: the branch moves, the pin does not."""
    store.commit_file(OWNER, name, "other", b"x\n", "somebody else")


def same(store: Store, name: str) -> None:
    """The very release, by another cascade."""
    store.commit_file(OWNER, name, PIN, b"1.0.1\n", "Move\n\nTailrace-Release: chaos 1.0.1\n")


def newer(store: Store, name: str) -> None:
    """A newer release."""
    store.commit_file(OWNER, name, PIN, b"9.0.0\n", "Move\n\nTailrace-Release: chaos 9.0.0\n")


def gone(store: Store, name: str) -> None:
    """The pin is deleted."""
    store.commit_file(OWNER, name, PIN, None, "somebody else")


INTERFERENCE: dict[str, Interference] = {
    "pin edited in between": edit,
    "branch moved in between": beside,
    "same release in between": same,
    "newer release in between": newer,
    "pin deleted in between": gone,
    "protected in between": lambda store, name: store.protect(OWNER, name),
    "archived in between": lambda store, name: store.archive(OWNER, name),
    "renamed in between": lambda store, name: void(store.rename(OWNER, name, f"{name}-new")),
    "deleted in between": lambda store, name: store.delete(OWNER, name),
}


def void(_: object) -> None:
    """Nothing of what a call gives."""
