"""One real build for all tests that need its files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.publish.bench import RELEASE, Bench, benched
from tests.publish.sources import make_source

from tailrace.publish.artifact import Artifact
from tailrace.publish.build import build
from tailrace.settings import PublishSettings


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Artifact, ...]:
    """The wheel and the sdist that every build of the plain source tree gives."""
    folder = tmp_path_factory.mktemp("built")
    into = folder / "into"
    into.mkdir()
    settings = PublishSettings(source=str(make_source(folder / "source")))
    environ = {"PATH": os.environ["PATH"]}
    return asyncio.run(build(settings, RELEASE, into, environ=environ, commit_time=None))


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Bench]:
    """A forge without an index."""
    async with benched(tmp_path) as bench:
        yield bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A forge and a pypiserver."""
    async with benched(tmp_path, with_index=True) as bench:
        yield bench
