"""Waiting until what a consumer's pip sees is the release, and its file is what it claims."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tailrace.errors import ExitCode, TailraceError
from tailrace.index.base import (
    FileMissing,
    Index,
    IndexBadAnswer,
    IndexFailure,
    IndexFile,
    IndexRefused,
    IndexUnreachable,
)
from tailrace.index.installable import Absent, Offered, offer
from tailrace.model import Release
from tailrace.settings import IndexSettings

#: Seconds between two looks at a good page, and at first at one without the release.
_SOON = 0.5
#: Seconds between two looks at most.
_MOST = 10.0
#: Seconds that the last look may take beyond the deadline, so that it can see anything.
_GRACE = 2.0


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
    #: The file that is being read.
    reading: str = ""
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
        asked: float | None = None
        try:
            async with asyncio.timeout(max(left, _GRACE)):
                found = await _look(index, release, settings, seen)
                if found is not None:
                    return ended(WaitState.INSTALLABLE, file=found)
        except _Broken as error:
            return ended(WaitState.BROKEN, f"{release}: {error}{_BROKEN_NEXT}")
        except IndexRefused as error:
            return ended(WaitState.UNKNOWN, str(error))
        except FileMissing as error:
            seen.fact, seen.good, seen.unusable = str(error), 0, 0
        except IndexFailure as error:
            seen.fact, seen.good, seen.unusable, seen.failed = str(error), 0, 0, True
            asked = error.after if isinstance(error, IndexUnreachable) else None
        except TimeoutError:
            # Our own deadline: what was seen before it stays what is known.
            seen.good = seen.unusable = 0
            if reads == 1 or seen.failed or seen.reading:
                what = f"{seen.reading}: not read to its end" if seen.reading else "no answer"
                seen.fact, seen.failed = f"{index.url}: {what} before the deadline", True
        watch(clock() - started, seen.good, seen.fact.split("\n", maxsplit=1)[0])
        left = started + settings.deadline - clock()
        if left <= 0:
            return ended(*_given_up(index, release, settings, seen))
        if seen.good or seen.unusable:
            nap = pause = _SOON
        else:
            nap, pause = max(pause, asked or 0.0), min(pause * 1.6, _MOST)
        await sleep(min(nap, left))


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
    seen.reading = ""
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
    seen.reading = found.file.filename
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
