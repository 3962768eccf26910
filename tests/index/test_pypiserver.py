"""Waiting against a real index: pypiserver, in a process of its own."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tailrace.index.base import Project
from tailrace.index.releases import base_for_bump
from tailrace.index.simple import SimpleIndex
from tailrace.index.wait import WaitState, wait
from tailrace.model import Release
from tailrace.sandbox.index_process import IndexProcess
from tailrace.sandbox.package import wheel
from tailrace.settings import IndexSettings

PACKAGE = "acme-runtime"
RELEASE = Release(PACKAGE, "1.2.0")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[IndexProcess]:
    async with IndexProcess(tmp_path / "packages", "a-token") as process:
        yield process


def put(server: IndexProcess, version: str) -> Path:
    name, content = wheel(PACKAGE, version)
    path = server.folder / name
    path.write_bytes(content)
    return path


def settings(server: IndexProcess, deadline: float = 60.0) -> IndexSettings:
    return IndexSettings(
        url=server.simple_url, pythons=("3.11",), good_answers=2, deadline=deadline
    )


class Clock:
    """Passes only while somebody sleeps."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_the_page_and_the_highest_release(server: IndexProcess) -> None:
    async with SimpleIndex(server.simple_url) as index:
        assert await index.project(PACKAGE) in (None, Project(PACKAGE, ()))
        for version in ("0.9.10", "0.9.9", "1.0rc1"):
            put(server, version)
        project = await index.project("Acme_Runtime")
        assert project is not None
        assert base_for_bump(project) == "0.9.10"
        assert {file.version for file in project.files} == {"0.9.10", "0.9.9", "1.0rc1"}
        assert all(file.is_wheel and len(file.hashes["sha256"]) == 64 for file in project.files)


async def test_a_release_that_comes_while_it_is_waited_for(server: IndexProcess) -> None:
    clock = Clock()
    paths: list[Path] = []
    put(server, "1.1.0")

    def watch(took: float, good: int, fact: str) -> None:
        if not paths:
            paths.append(put(server, "1.2.0"))

    async with SimpleIndex(server.simple_url, attempts=1) as index:
        waited = await wait(
            index, RELEASE, settings(server), clock=clock, sleep=clock.sleep, watch=watch
        )
    assert (waited.state, waited.reads, waited.took) == (WaitState.INSTALLABLE, 3, 1.0)
    assert waited.file == paths[0].name
    assert waited.sha256 == hashlib.sha256(paths[0].read_bytes()).hexdigest()


async def test_a_release_that_does_not_come(server: IndexProcess) -> None:
    clock = Clock()
    put(server, "1.1.0")
    async with SimpleIndex(server.simple_url, attempts=1) as index:
        waited = await wait(index, RELEASE, settings(server, 2), clock=clock, sleep=clock.sleep)
    assert (waited.state, waited.took) == (WaitState.NOT_INDEXED, 2.0)
    assert "1.2.0 is not among its 1 files yet" in waited.detail


async def test_a_file_whose_bytes_are_replaced_between_two_reads(server: IndexProcess) -> None:
    clock = Clock()
    path = put(server, "1.2.0")

    def watch(took: float, good: int, fact: str) -> None:
        path.write_bytes(b"other bytes, of another length")

    async with SimpleIndex(server.simple_url, attempts=1) as index:
        waited = await wait(
            index, RELEASE, settings(server), clock=clock, sleep=clock.sleep, watch=watch
        )
    assert (waited.state, waited.reads) == (WaitState.BROKEN, 2)
    assert f"the sha256 of {path.name} changed between two reads" in waited.detail
