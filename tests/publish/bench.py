"""A forge with the package's repository, an index, and what the tests of publishing share."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.conformance.worlds import no_wait
from tests.publish.sources import PACKAGE, VERSION, make_source

from tailrace.forges.base import Forge
from tailrace.forges.open import open_forge
from tailrace.index.base import Download, Index, IndexFile, Project
from tailrace.index.simple import SimpleIndex
from tailrace.model import ForgeKind, Release, RepositoryName
from tailrace.publish.checkout import Checkout
from tailrace.publish.claim import Claims
from tailrace.publish.run import Publisher, Stage
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import ForgeSettings, IndexSettings, PublishSettings

RELEASE = Release(PACKAGE, VERSION)
REPOSITORY = RepositoryName("acme", "demo")
PREFIX = "runtime-v"
TAG = f"{PREFIX}{VERSION}"
DEADLINE = 60.0


class Shelf:
    """An index in memory: what it has, or what it fails with."""

    url = "http://shelf.test/simple/"

    def __init__(self, *filenames: str, failure: Exception | None = None) -> None:
        self.names, self.failure = filenames, failure

    async def project(self, package: str) -> Project | None:
        if self.failure is not None:
            raise self.failure
        files = tuple(
            IndexFile(
                filename=name,
                url=f"{self.url}{name}",
                version=name.split("-")[1].removesuffix(".tar.gz"),
                is_wheel=name.endswith(".whl"),
                hashes={},
                yanked=name.startswith("yanked"),
            )
            for name in self.names
        )
        return Project(package, files) if files else None

    async def download(self, file: IndexFile) -> Download:
        raise AssertionError("nothing is downloaded to choose a number")


def git(folder: Path, *arguments: str) -> str:
    """Real git, with nobody's configuration."""
    name, mail = "somebody", "somebody@example.test"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@dataclass
class Bench:
    """A sandbox with one repository, and one run that works on it."""

    server: SandboxServer
    forge: Forge
    index: SimpleIndex
    folder: Path
    commit: str
    stages: list[Stage] = field(default_factory=list)

    @property
    def packages(self) -> Path:
        assert self.server.index is not None
        return self.server.index.folder

    @property
    def on_index(self) -> list[str]:
        return sorted(path.name for path in self.packages.iterdir())

    def claims(self, claimant: str = "run 1", prefix: str = PREFIX) -> Claims:
        return Claims(self.forge, REPOSITORY, prefix, claimant)

    def checkout(self, claimant: str = "run 1", **more: Any) -> Checkout:
        return replace(Checkout(commit=self.commit, claimant=claimant), **more)

    def index_settings(self) -> IndexSettings:
        if self.server.index is None:
            return IndexSettings(url=self.index.url, upload_url="http://127.0.0.1:9/")
        return IndexSettings(url=self.index.url, upload_url=self.server.index.upload_url)

    def publisher(
        self,
        claimant: str = "run 1",
        *,
        source: Path | None = None,
        settings: PublishSettings | None = None,
        index: Index | None = None,
        index_settings: IndexSettings | None = None,
        token: str | None = "",
        environ: Mapping[str, str] | None = None,
        watch: Callable[[Stage], None] | None = None,
        **checkout: Any,
    ) -> Publisher:
        if source is None:
            source = self.folder / "source"
            if not source.exists():
                make_source(source)
        return Publisher(
            release=RELEASE,
            settings=replace(settings or PublishSettings(), source=str(source)),
            index_settings=index_settings or self.index_settings(),
            index=index or self.index,
            checkout=self.checkout(claimant, **checkout),
            claims=self.claims(claimant),
            token=self.server.forge.admin_token if token == "" else token,
            environ={"PATH": os.environ["PATH"], **(environ or {})},
            watch=watch or self.stages.append,
        )


@asynccontextmanager
async def benched(folder: Path, *, with_index: bool = False) -> AsyncIterator[Bench]:
    """The sandbox's forge, and the real pypiserver beside it where it is asked for."""
    async with SandboxServer(folder / "forge", with_index=with_index) as server:
        server.forge.create_repository(*_parts(), {"README.md": b"# demo\n"})
        commit = git(server.forge.path(*_parts()), "rev-parse", "refs/heads/main")
        settings = ForgeSettings(kind=ForgeKind.GITEA, url=server.url, owner="acme")
        forge = open_forge(settings, server.forge.admin_token, sleep=no_wait)
        url = server.index.simple_url if server.index is not None else "http://127.0.0.1:9/simple/"
        async with forge, SimpleIndex(url, sleep=no_wait) as index:
            yield Bench(server, forge, index, folder, commit)


def _parts() -> tuple[str, str]:
    return REPOSITORY.owner, REPOSITORY.name


@dataclass
class Watched:
    """The other end of the named pipe of a build that hangs."""

    path: Path
    reader: asyncio.StreamReader
    own_end: int

    async def hanging(self) -> None:
        """Waits until the build hangs."""
        async with asyncio.timeout(DEADLINE):
            assert await self.reader.readline() == b"hanging\n"
        os.close(self.own_end)

    async def ended(self) -> None:
        """Waits until nothing of the build has the pipe open any more."""
        async with asyncio.timeout(DEADLINE):
            assert await self.reader.read() == b""


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[Watched]:
    """A named pipe at ``path``, for the knob ``hangs``."""
    os.mkfifo(path)
    reader = asyncio.StreamReader()
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0)
    )
    # So that it does not end before the build has opened it.
    own_end = os.open(path, os.O_WRONLY)
    try:
        yield Watched(path, reader, own_end)
    finally:
        transport.close()
