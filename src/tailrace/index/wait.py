"""Waiting until what a consumer's pip sees is the release, and its file is what it claims."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tailrace.errors import ExitCode, TailraceError
from tailrace.index.base import Index, IndexBadAnswer, IndexFailure, IndexFile, IndexRefused
from tailrace.index.installable import Absent, Offered, offer
from tailrace.model import IndexSettings, Release

#: Seconds between two looks at a good page, and at first at one without the release.
_SOON = 0.5
#: Seconds between two looks at most.
_MOST = 10.0


class WaitState(StrEnum):
    """How waiting for a release can end."""

    INSTALLABLE = "installable"
    NOT_INDEXED = "not-indexed"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Waited:
    """How waiting for a release ended."""

    release: Release
    index: str
    state: WaitState
    #: The fact, and the next step; empty where it is installable.
    detail: str
    #: Seconds that it took.
    took: float
    #: Pages that were read.
    reads: int
    #: The file that was downloaded and checked.
    file: str | None = None
    sha256: str | None = None


#: "Broken" and "not indexed in time" are both proven: consumers cannot get it.
EXIT_CODES = {
    WaitState.INSTALLABLE: ExitCode.CONVERGED,
    WaitState.NOT_INDEXED: ExitCode.NOT_CONVERGED,
    WaitState.BROKEN: ExitCode.NOT_CONVERGED,
    WaitState.UNKNOWN: ExitCode.UNKNOWN,
}


class NotInstallable(TailraceError):
    """A release that was waited for and cannot be installed."""

    def __init__(self, waited: Waited) -> None:
        super().__init__(waited.detail)
        self.exit_code = EXIT_CODES[waited.state]


#: Is told what is waited for now: seconds so far, good answers in a row, and the last fact.
WatchWait = Callable[[float, int, str], None]


def ignore(took: float, good: int, fact: str) -> None:
    """Nobody watches."""


class _Broken(Exception):
    """The release is there, and no time will make it right."""


@dataclass(slots=True)
class _Seen:
    """What the pages have said so far."""

    good: int = 0
    unusable: int = 0
    fact: str = "not looked yet"
    #: The last answer was none of an index's.
    failed: bool = False
    hashes: dict[str, Mapping[str, str]] = field(default_factory=dict)


async def wait(
    index: Index,
    release: Release,
    settings: IndexSettings,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    watch: WatchWait = ignore,
) -> Waited:
    """Read the index until it offers ``release`` so many times in a row, then check the file.

    Never raises for what the index does: how it ended is in what is given back.
    """
    started, reads, pause, seen = clock(), 0, _SOON, _Seen()

    def ended(state: WaitState, detail: str = "", file: IndexFile | None = None) -> Waited:
        sha256 = None if file is None else file.hashes.get("sha256")
        name = None if file is None else file.filename
        took = clock() - started
        return Waited(release, index.url, state, detail, took, reads, name, sha256)

    while True:
        left = started + settings.deadline - clock()
        reads += 1
        try:
            async with asyncio.timeout(max(left, 0.001)):
                found = await _look(index, release, settings, seen)
                if found is not None:
                    return ended(WaitState.INSTALLABLE, file=found)
        except _Broken as error:
            return ended(WaitState.BROKEN, f"{release}: {error}{_BROKEN_NEXT}")
        except IndexRefused as error:
            return ended(WaitState.UNKNOWN, str(error))
        except (IndexFailure, TimeoutError) as error:
            seen.good, seen.unusable, seen.failed = 0, 0, True
            seen.fact = str(error) or f"{index.url}: no answer in {max(left, 0):.0f} s"
        watch(clock() - started, seen.good, seen.fact.split("\n", maxsplit=1)[0])
        left = started + settings.deadline - clock()
        if left <= 0:
            return ended(*_given_up(index, release, settings, seen))
        pause = _SOON if seen.good or seen.unusable else min(pause * 1.6, _MOST)
        await sleep(min(pause, left))


_BROKEN_NEXT = "\n  next: no waiting mends this; publish another version"


def _given_up(
    index: Index, release: Release, settings: IndexSettings, seen: _Seen
) -> tuple[WaitState, str]:
    if seen.failed:
        return WaitState.UNKNOWN, seen.fact
    said = (
        f"{release}: not installable from {index.url} after {settings.deadline:g} s"
        f"\n  {seen.fact}"
        "\n  next: was it published? then wait once more: tailrace wait --deadline 30m"
    )
    return WaitState.NOT_INDEXED, said


async def _look(
    index: Index, release: Release, settings: IndexSettings, seen: _Seen
) -> IndexFile | None:
    """One read of the index; the checked file where it was the last that was needed."""
    found = offer(await index.project(release.package), release.version, settings.pythons)
    seen.failed = False
    if isinstance(found, Absent):
        seen.good, seen.unusable, seen.fact = 0, 0, found.reason
        return None
    if not isinstance(found, Offered):
        seen.good, seen.unusable, seen.fact = 0, seen.unusable + 1, found.reason
        if seen.unusable >= settings.good_answers:
            raise _Broken(found.reason)
        return None
    _same_hashes(seen, found)
    seen.good, seen.unusable = seen.good + 1, 0
    seen.fact = f"{seen.good} of {settings.good_answers} good answers in a row"
    if seen.good < settings.good_answers:
        return None
    return await _checked(index, found.file)


def _same_hashes(seen: _Seen, found: Offered) -> None:
    """A file of one name has one content for ever: another hash is another file."""
    for file in found.files:
        before = seen.hashes.setdefault(file.filename, file.hashes)
        for name in before.keys() & file.hashes.keys():
            if before[name] != file.hashes[name]:
                raise _Broken(
                    f"the {name} of {file.filename} changed between two reads:"
                    f"\n  {before[name][:64]}, then {file.hashes[name][:64]}"
                )


async def _checked(index: Index, file: IndexFile) -> IndexFile:
    """The file with its own sha256, downloaded; `_Broken` where it is not what the index says."""
    download = await index.download(file)
    if _differs(file, download.hashes) is not None:
        # Once more: a node may have cut it short.
        download = await index.download(file)
    wrong = _differs(file, download.hashes)
    if wrong is not None:
        raise _Broken(
            f"{file.filename} is not what the index says: {wrong}"
            f"\n  says {file.hashes[wrong][:64]}\n  has  {download.hashes[wrong]}"
        )
    if not file.hashes.keys() & download.hashes.keys():
        raise IndexBadAnswer(f"{index.url}: names no hash for {file.filename}")
    return IndexFile(
        filename=file.filename,
        url=file.url,
        version=file.version,
        is_wheel=file.is_wheel,
        hashes=download.hashes,
    )


def _differs(file: IndexFile, has: Mapping[str, str]) -> str | None:
    common = sorted(file.hashes.keys() & has.keys())
    return next((name for name in common if file.hashes[name] != has[name]), None)
