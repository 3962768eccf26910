"""Waiting for a release: each end, each time and each read, against a clock of our own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from tests.doubles.index import (
    HANG,
    RESET,
    TOKEN,
    Answer,
    IndexDouble,
    down,
    login,
    page,
)

from tailrace.errors import ExitCode
from tailrace.index import wait as waiting
from tailrace.index.base import Download, IndexFile, Project
from tailrace.index.simple import SimpleIndex
from tailrace.index.wait import EXIT_CODES, NotInstallable, Waited, WaitState, wait
from tailrace.model import Release
from tailrace.settings import IndexSettings

RELEASE = Release("acme-tool", "1.2.0")
WHEEL = "acme_tool-1.2.0-py3-none-any.whl"
OLD = "acme_tool-1.1.0-py3-none-any.whl"
CONTENT = b"the wheel"
SHA = hashlib.sha256(CONTENT).hexdigest()
INSTALLABLE, NOT_INDEXED, BROKEN, UNKNOWN = WaitState


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: float = 1000.0
    naps: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(round(seconds, 3))
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class World:
    """An index with an old release on all of its nodes and the new one on the new nodes."""

    double: IndexDouble
    clock: Clock = field(default_factory=Clock)
    said: list[tuple[float, int, str]] = field(default_factory=list)

    async def wait(
        self,
        *,
        good: int = 3,
        deadline: float = 60.0,
        pythons: tuple[str, ...] = (),
        timeout: float = 5.0,
        token: str | None = None,
    ) -> Waited:
        settings = IndexSettings(good_answers=good, deadline=deadline, pythons=pythons)
        index = SimpleIndex(self.double.simple_url, attempts=1, timeout=timeout, token=token)

        def watch(took: float, good: int, fact: str) -> None:
            self.said.append((round(took, 3), good, fact))

        async with index:
            return await wait(
                index, RELEASE, settings, clock=self.clock, sleep=self.clock.sleep, watch=watch
            )

    @property
    def downloads(self) -> int:
        return len(self.double.asked("GET", "/files/"))


def world(double: IndexDouble) -> World:
    double.add(OLD, old=True)
    double.add(WHEEL, CONTENT)
    return World(double)


def ended(waited: Waited) -> tuple[WaitState, int, float]:
    return waited.state, waited.reads, round(waited.took, 3)


# installable


@pytest.mark.parametrize("html_only", [False, True])
async def test_installable(html_only: bool) -> None:
    async with IndexDouble(html_only=html_only) as double:
        here = world(double)
        waited = await here.wait()
        url = double.simple_url
    assert waited == Waited(RELEASE, url, INSTALLABLE, "", 1.0, 3, WHEEL, SHA)
    assert here.clock.naps == [0.5, 0.5]
    assert here.said == [
        (0.0, 1, "1 of 3 good answers in a row"),
        (0.5, 2, "2 of 3 good answers in a row"),
    ]
    assert (double.reads, here.downloads) == (3, 1)


async def test_one_good_answer_is_enough_where_it_is_said_so() -> None:
    async with IndexDouble() as double:
        here = world(double)
        assert ended(await here.wait(good=1)) == (INSTALLABLE, 1, 0.0)
    assert (here.clock.naps, here.said) == ([], [])


async def test_stale_nodes_are_waited_for_less_and_less_often() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.stale(10)
        waited = await here.wait(good=1, deadline=600)
    assert here.clock.naps == [0.5, 0.8, 1.28, 2.048, 3.277, 5.243, 8.389, 10.0, 10.0, 10.0]
    assert ended(waited) == (INSTALLABLE, 11, 51.536)
    assert here.said[0] == (0.0, 0, "1.2.0 is not among its 1 files yet")


async def test_a_stale_answer_begins_the_row_anew() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.nodes = ["new", "new", "old", "new", "old", "new", "new", "new"]
        waited = await here.wait()
    assert ended(waited) == (INSTALLABLE, 8, 3.5)
    assert [good for _, good, _ in here.said] == [1, 2, 0, 1, 0, 1, 2]
    assert here.clock.naps == [0.5] * 7


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (down(503), "answered 503"),
        (RESET, "the connection broke"),
        (login(), "lists no file of acme-tool ('Sign in')"),
        (Answer(404), "the index has no such project yet"),
        (page('{"meta"', "application/vnd.pypi.simple.v1+json"), "cannot be read"),
    ],
)
async def test_an_odd_answer_between_good_ones_begins_the_row_anew(
    answer: Answer, fact: str
) -> None:
    async with IndexDouble() as double:
        here = world(double)

        def third(read: int) -> None:
            double.page_answers = [answer] if read == 3 else []

        double.before_read = third
        waited = await here.wait()
    assert ended(waited) == (INSTALLABLE, 6, 2.5)
    assert [good for _, good, _ in here.said] == [1, 2, 0, 1, 2]
    assert fact in here.said[2][2]
    assert "\n" not in here.said[2][2]


async def test_it_waits_as_long_as_the_index_asks_it_to() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.page_answers = [down(503, retry_after="7"), down(429, retry_after="0")]
        waited = await here.wait(good=1)
        assert (ended(waited), here.clock.naps) == ((INSTALLABLE, 3, 7.8), [7.0, 0.8])
        double.always_page = down(503, retry_after="3600")
        here.clock.naps.clear()
        assert ended(await here.wait(deadline=30)) == (UNKNOWN, 2, 30.0)
    assert here.clock.naps == [30.0]


async def test_a_file_that_is_cut_short_is_read_again() -> None:
    async with IndexDouble() as double:
        here = world(double)
        # All of it as far as HTTP can tell: a node that has half of it.
        double.file_answers = [Answer(200, CONTENT[:4])]
        waited = await here.wait()
        assert (ended(waited), here.downloads) == ((INSTALLABLE, 3, 1.0), 2)
        double.file_answers = [Answer(200, CONTENT, how="cut")]
        waited = await here.wait()
    # The connection broke: the row begins anew.
    assert (ended(waited), here.downloads) == ((INSTALLABLE, 6, 2.5), 4)


async def test_a_file_that_a_node_does_not_have_yet() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.file_answers = [Answer(404)]
        waited = await here.wait(good=2)
    assert (ended(waited), here.downloads) == ((INSTALLABLE, 4, 1.5), 2)
    assert here.said[1] == (0.5, 0, f"lists {WHEEL}, and 127.0.0.1 answers 404 to it")


async def test_a_hash_that_only_some_nodes_name_is_no_change() -> None:
    def hashes(read: int) -> dict[str, str]:
        md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
        return {"sha256": SHA} if read % 2 else {"md5": md5}

    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, hashes=hashes)
        waited = await here.wait(good=2)
    assert (waited.state, waited.sha256) == (INSTALLABLE, SHA)


# not indexed in time


@pytest.mark.parametrize(
    ("deadline", "naps"),
    [(1.0, [0.5, 0.5]), (4.0, [0.5, 0.8, 1.28, 1.42]), (0.1, [0.1])],
)
async def test_not_indexed_in_time(deadline: float, naps: list[float]) -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.stale(99)
        waited = await here.wait(deadline=deadline)
        url = double.simple_url
    # With a last look at the deadline itself.
    assert ended(waited) == (NOT_INDEXED, len(naps) + 1, deadline)
    assert here.clock.naps == naps
    assert waited.detail == (
        f"acme-tool 1.2.0: not installable from {url} after {deadline:g} s"
        "\n  1.2.0 is not among its 1 files yet"
        "\n  next: was it published? then wait once more: tailrace wait --deadline 30m"
    )
    assert (waited.file, waited.sha256, here.downloads) == (None, None, 0)


async def test_a_project_that_never_comes() -> None:
    async with IndexDouble() as double:
        waited = await World(double).wait(deadline=1)
    assert ended(waited) == (NOT_INDEXED, 3, 1.0)
    assert "\n  the index has no such project yet\n" in waited.detail


async def test_nodes_that_never_agree() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.nodes = ["new", "old"] * 99
        waited = await here.wait(good=2, deadline=5)
    assert ended(waited) == (NOT_INDEXED, 11, 5.0)
    assert "\n  1 of 2 good answers in a row\n" in waited.detail


async def test_a_deadline_before_enough_good_answers() -> None:
    async with IndexDouble() as double:
        waited = await world(double).wait(good=5, deadline=1)
    assert ended(waited) == (NOT_INDEXED, 3, 1.0)
    assert "3 of 5 good answers" in waited.detail


async def test_a_file_that_never_comes_is_not_indexed() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.always_file = Answer(404)
        waited = await here.wait(good=1, deadline=1)
    assert ended(waited) == (NOT_INDEXED, 3, 1.0)
    assert f"\n  lists {WHEEL}, and 127.0.0.1 answers 404 to it\n" in waited.detail


async def test_an_index_that_came_back_without_the_release() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.page_answers = [down(503)]
        double.stale(99)
        assert (await here.wait(deadline=1)).state is NOT_INDEXED


# broken


async def test_a_file_that_is_not_what_the_index_says() -> None:
    wrong = "0" * 64
    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, hashes={"sha256": wrong})
        waited = await here.wait()
    assert ended(waited) == (BROKEN, 3, 1.0)
    assert here.downloads == 2
    assert waited.detail == (
        f"acme-tool 1.2.0: {WHEEL} is not what the index says: sha256"
        f"\n  says {wrong}\n  has  {SHA}"
        "\n  next: no waiting mends this; publish another version"
    )


async def test_a_file_that_every_node_cuts_short() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.always_file = Answer(200, CONTENT[:4])
        waited = await here.wait(good=1)
    assert (ended(waited), here.downloads) == ((BROKEN, 1, 0.0), 2)


async def test_one_wrong_hash_of_two_is_enough() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, hashes={"sha256": SHA, "sha512": "0" * 128})
        waited = await here.wait(good=1)
    assert waited.state is BROKEN
    assert "is not what the index says: sha512\n" in waited.detail


@pytest.mark.parametrize("between", ["new", "old"])
async def test_a_hash_that_changes_between_two_reads(between: str) -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, hashes=lambda read: {"sha256": f"{read:064x}"})
        double.nodes = ["new", "old" if between == "old" else "new", "new"]
        waited = await here.wait()
    assert ended(waited) == (BROKEN, 3 if between == "old" else 2, 1.0 if between == "old" else 0.5)
    assert f"the sha256 of {WHEEL} changed between two reads:\n  {1:064x}, then " in waited.detail
    assert here.downloads == 0


@pytest.mark.parametrize(
    ("yanked", "said"), [("broken\nbuild", "is yanked (broken build)"), (True, "is yanked")]
)
async def test_yanked(yanked: bool | str, said: str) -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, yanked=yanked)
        waited = await here.wait()
    # Stale nodes can say so as well: it needs as many answers as a good end.
    assert ended(waited) == (BROKEN, 3, 1.0)
    assert waited.detail.split("\n")[0] == f"acme-tool 1.2.0: {said}"
    assert [good for _, good, _ in here.said] == [0, 0]


async def test_one_yanked_answer_is_not_believed() -> None:
    async with IndexDouble() as double:
        here = world(double)

        def turn(read: int) -> None:
            double.add(WHEEL, CONTENT, yanked=read in (1, 2, 4))

        double.before_read = turn
        assert ended(await here.wait()) == (INSTALLABLE, 7, 3.0)


async def test_a_python_of_the_fleet_that_it_does_not_take() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, requires_python=">=3.12")
        waited = await here.wait(pythons=("3.13", "3.11"))
        assert ended(waited) == (BROKEN, 3, 1.0)
        assert "requires Python >=3.12, and the fleet has 3.11\n" in waited.detail
        assert (await here.wait(pythons=("3.12",))).state is INSTALLABLE


# not known


UNREADABLE = [
    (login(), "answers an HTML page that lists no file of acme-tool ('Sign in')"),
    (down(503), "answered 503 to /simple/acme-tool/"),
    (RESET, "the connection broke"),
    (page("{}", "application/json"), "answers application/json"),
    (page("<meta name='pypi:repository-version' content='9.0'>"), "version 9.0"),
]


@pytest.mark.parametrize(("answer", "said"), UNREADABLE)
async def test_an_index_that_cannot_be_read(answer: Answer, said: str) -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.always_page = answer
        waited = await here.wait(deadline=2)
    assert ended(waited) == (UNKNOWN, 4, 2.0)
    assert here.clock.naps == [0.5, 0.8, 0.7]
    assert said in waited.detail
    assert "\n  next: " in waited.detail


async def test_an_index_that_is_down_in_the_end() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.stale(2)

        def then(read: int) -> None:
            double.always_page = down(500) if read > 2 else None

        double.before_read = then
        assert ended(await here.wait(deadline=2)) == (UNKNOWN, 4, 2.0)


async def test_an_index_that_refuses_is_asked_once() -> None:
    async with IndexDouble(private=True) as double:
        here = world(double)
        waited = await here.wait()
        assert ended(waited) == (UNKNOWN, 1, 0.0)
        assert "wants a token" in waited.detail
        wrong = await here.wait(token="tok-wrong")
        assert ended(wrong) == (UNKNOWN, 1, 0.0)
        assert "tok-wrong" not in repr(wrong)
        assert (await here.wait(token=TOKEN)).state is INSTALLABLE


async def test_a_file_that_is_refused() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.always_file = Answer(403)
        waited = await here.wait()
    assert ended(waited) == (UNKNOWN, 3, 1.0)
    assert f"answered 403 to /files/{WHEEL}" in waited.detail


async def test_a_file_without_any_hash_is_not_proven() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.add(WHEEL, CONTENT, hashes={})
        waited = await here.wait(good=1, deadline=1)
    assert waited.state is UNKNOWN
    assert f"names no hash for {WHEEL}" in waited.detail


async def test_nobody_listens() -> None:
    async with IndexDouble() as double:
        here = World(double)
    waited = await here.wait(deadline=1)
    assert ended(waited) == (UNKNOWN, 3, 1.0)
    assert "cannot connect" in waited.detail


# a deadline within a read


async def test_a_read_that_the_deadline_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_GRACE", 0.02)
    async with IndexDouble() as double:
        here = world(double)
        double.always_page = HANG

        class Passing(Clock):
            """Each look at it is a second later."""

            def __call__(self) -> float:
                self.now += 1
                return self.now

        here.clock = Passing()
        waited = await here.wait(deadline=0.5)
    assert (waited.state, waited.reads) == (UNKNOWN, 1)
    assert waited.detail == f"{double.simple_url}: no answer before the deadline"


class Stub:
    """An index that never answers what ``hangs`` says, from a read on."""

    url = "http://stub/simple/"

    def __init__(self, hangs: str, after: int, clock: Clock, *, there: bool = True) -> None:
        self.hangs, self.after, self.clock, self.there = hangs, after, clock, there

    async def _maybe(self, what: str) -> None:
        self.after -= 1
        if what == self.hangs and self.after < 0:
            self.clock.now += 60
            await asyncio.get_running_loop().create_future()

    async def project(self, package: str) -> Project:
        await self._maybe("project")
        file = IndexFile(WHEEL, "u", "1.2.0", is_wheel=True, hashes={"sha256": SHA})
        return Project(package, (file,) if self.there else ())

    async def download(self, file: IndexFile) -> Download:
        await self._maybe("download")
        return Download(len(CONTENT), {"sha256": SHA})


@pytest.mark.parametrize(
    ("stub", "state", "said"),
    [
        (
            lambda clock: Stub("project", 1, clock, there=False),
            NOT_INDEXED,
            "1.2.0 is not among its 0 files yet",
        ),
        (lambda clock: Stub("project", 1, clock), NOT_INDEXED, "1 of 2 good answers in a row"),
        (lambda clock: Stub("project", 0, clock), UNKNOWN, "no answer before the deadline"),
        (lambda clock: Stub("download", 0, clock), UNKNOWN, f"{WHEEL}: not read to its end before"),
    ],
    ids=["absent", "good", "never", "file"],
)
async def test_what_was_seen_before_the_deadline_stays_known(
    monkeypatch: pytest.MonkeyPatch, stub: Callable[[Clock], Stub], state: WaitState, said: str
) -> None:
    monkeypatch.setattr(waiting, "_GRACE", 0.02)
    clock = Clock()
    settings = IndexSettings(good_answers=2, deadline=0.51)
    waited = await wait(stub(clock), RELEASE, settings, clock=clock, sleep=clock.sleep)
    assert waited.state is state
    assert said in waited.detail


async def test_being_cancelled_is_passed_on() -> None:
    async with IndexDouble() as double:
        here = world(double)
        double.always_page = HANG
        task = asyncio.create_task(here.wait())
        asked = asyncio.Event()
        double.before_read = lambda _: asked.set()
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_every_end_has_its_exit_code() -> None:
    assert set(EXIT_CODES) == set(WaitState)
    codes = {
        state: NotInstallable(Waited(RELEASE, "u", state, "why", 0.0, 1)).exit_code
        for state in WaitState
    }
    assert codes == {
        INSTALLABLE: ExitCode.CONVERGED,
        NOT_INDEXED: ExitCode.NOT_CONVERGED,
        BROKEN: ExitCode.NOT_CONVERGED,
        UNKNOWN: ExitCode.UNKNOWN,
    }
