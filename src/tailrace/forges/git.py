"""A folder of bare repositories as a forge: no server, no token, no pull requests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pygit2
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from tailrace.forges.base import (
    Account,
    AnswerLost,
    Issue,
    NotFound,
    Protection,
    Refused,
    Repository,
    Server,
    Tag,
    Unreachable,
)
from tailrace.forges.git_repository import Prepared, RefLocked, opened
from tailrace.forges.names import check, is_plain
from tailrace.model import (
    Commit,
    FileChange,
    PullRequest,
    RepositoryName,
    Strategy,
    TreeEntry,
    TreeView,
)

T = TypeVar("T")

#: Another process holds a branch's lock for milliseconds; after this many tries it is stale.
_LOCK_ATTEMPTS = 8


class GitForge:
    """Bare repositories in a folder: OWNER/NAME.git, OWNER/NAME, or NAME.git for any owner."""

    def __init__(
        self,
        folder: Path,
        *,
        concurrency: int = 8,
        timeout: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.calls = 0
        self._folder = folder.expanduser()
        self._slots = asyncio.Semaphore(concurrency)
        self._timeout = timeout
        self._sleep = sleep

    @property
    def write_calls(self) -> Mapping[Strategy, int]:
        """The commit, moving the branch, the read-back; there are no pull requests."""
        return {Strategy.COMMIT: 3, Strategy.PULL_REQUEST: 1}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    async def server(self) -> Server:
        """libgit2's version. Raises `NotFound` where the folder is not there."""
        if not await self._run(self._folder.is_dir):
            raise NotFound(
                f"{self._folder}: no such folder\n  next: correct `url` in the fleet file"
            )
        return Server("git", f"libgit2 {pygit2.LIBGIT2_VERSION}", None)

    async def account(self) -> Account:
        """Nobody: a folder knows no tokens."""
        return Account(login=None)

    async def repository(self, name: RepositoryName) -> Repository:
        return await self._run(lambda: self._facts(name))

    async def repositories(self, owner: str, topic: str | None = None) -> AsyncIterator[Repository]:
        if topic is not None:
            raise Refused(
                f"{self._folder}: a folder of repositories has no topics"
                "\n  next: discover by `name`, without `topic`"
            )
        for name in await self._run(lambda: self._names(owner)):
            yield await self.repository(name)

    async def tree(
        self, name: RepositoryName, branch: str | None, paths: Sequence[str]
    ) -> TreeView:
        return await self._run(lambda: self._view(name, branch, paths))

    async def folder(self, name: RepositoryName, sha: str) -> tuple[TreeEntry, ...]:
        def read() -> tuple[TreeEntry, ...]:
            with opened(self._path(name), name) as repository:
                return repository.folder(sha)

        return await self._run(read)

    async def check_write(self, name: RepositoryName, branch: str) -> bool | None:
        return (await self.repository(name)).can_push

    async def blob(self, name: RepositoryName, sha: str, limit: int) -> bytes:
        def read() -> bytes:
            with opened(self._path(name), name) as repository:
                return repository.blob(sha, limit)

        return await self._run(read)

    async def write_files(
        self,
        name: RepositoryName,
        branch: str,
        changes: Sequence[FileChange],
        message: str,
        new_branch: str | None = None,
    ) -> Commit:
        def prepare() -> Prepared:
            with opened(self._path(name), name) as repository:
                return repository.prepare(branch, changes, message)

        def move() -> None:
            with opened(self._path(name), name) as repository:
                repository.move(prepared, new_branch)

        prepared = await self._run(prepare)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(RefLocked),
            stop=stop_after_attempt(_LOCK_ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.02, max=1.0, jitter=0.02),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    await self._run(move, lost=AnswerLost)
        except RefLocked as error:
            raise Unreachable(
                f"{name}: another Git process holds the branch's lock"
                f"\n  next: if none is running, delete\n  {error}"
            ) from error
        return Commit(prepared.commit, prepared.blobs)

    async def pull_requests(self, name: RepositoryName, base: str) -> tuple[PullRequest, ...]:
        raise self._no_pull_requests(name)

    async def open_pull_request(
        self, name: RepositoryName, head: str, base: str, title: str, body: str
    ) -> PullRequest:
        raise self._no_pull_requests(name)

    async def close_pull_request(
        self, name: RepositoryName, pull_request: PullRequest, note: str
    ) -> None:
        raise self._no_pull_requests(name)

    async def protection(self, name: RepositoryName, branch: str) -> Protection | None:
        """None: a folder of repositories protects no branch."""
        await self.repository(name)
        return None

    async def commits(self, name: RepositoryName, branch: str, count: int) -> tuple[str, ...]:
        def read() -> tuple[str, ...]:
            with opened(self._path(name), name) as repository:
                return repository.commits(branch, count)

        return await self._run(read)

    async def statuses(self, name: RepositoryName, commit: str) -> Mapping[str, str]:
        raise self._lacks(name, "statuses")

    async def issue(self, name: RepositoryName, number: int) -> Issue | None:
        raise self._lacks(name, "issues")

    async def review(self, name: RepositoryName, pull_request: int, body: str) -> str:
        raise self._no_pull_requests(name)

    @staticmethod
    def _lacks(name: RepositoryName, what: str) -> Refused:
        return Refused(
            f"{name}: a folder of repositories has no {what}\n  next: ask the forge itself"
        )

    async def merged_labels(self, name: RepositoryName, commit: str) -> tuple[str, ...]:
        """None: a folder of repositories has no pull requests, so no labels."""
        await self.repository(name)
        return ()

    async def create_tag(self, name: RepositoryName, tag: Tag) -> None:
        def make() -> None:
            with opened(self._path(name), name) as repository:
                repository.create_tag(tag)

        await self._run(make, lost=AnswerLost)

    async def tags(self, name: RepositoryName) -> AsyncIterator[Tag]:
        def read() -> list[Tag]:
            with opened(self._path(name), name) as repository:
                return repository.tags()

        for tag in await self._run(read):
            yield tag

    async def tag(self, name: RepositoryName, tag: str) -> Tag | None:
        def read() -> Tag | None:
            with opened(self._path(name), name) as repository:
                return repository.tag(tag)

        return await self._run(read)

    @staticmethod
    def _no_pull_requests(name: RepositoryName) -> Refused:
        return Refused(
            f"{name}: a folder of repositories has no pull requests"
            '\n  next: set strategy = "commit" in the fleet file'
        )

    async def _run(self, work: Callable[[], T], *, lost: type[Unreachable] = Unreachable) -> T:
        """``work`` in a thread, within the limits; ``lost`` is raised at the deadline."""
        async with self._slots:
            self.calls += 1
            try:
                async with asyncio.timeout(self._timeout):
                    return await asyncio.to_thread(work)
            except TimeoutError as error:
                raise lost(
                    f"{self._folder}: no answer in {self._timeout:g} s"
                    "\n  next: is its file system up? then run the same command again"
                ) from error

    def _facts(self, name: RepositoryName) -> Repository:
        path = self._path(name)
        with opened(path, name) as repository:
            return Repository(
                name=name,
                default_branch=repository.default_branch(),
                empty=repository.is_empty(),
                can_push=_can_push(path),
            )

    def _view(self, name: RepositoryName, branch: str | None, paths: Sequence[str]) -> TreeView:
        path = self._path(name)
        with opened(path, name) as repository:
            branch = branch if branch is not None else repository.default_branch()
            commit = repository.head(branch)
            return TreeView(
                repository=name,
                branch=branch,
                commit=commit,
                entries={} if commit is None else repository.entries(commit, paths),
                can_push=_can_push(path),
            )

    def _path(self, name: RepositoryName) -> Path:
        """The repository's folder, proven to be inside of ours. Raises `NotFound`."""
        check(name)
        root = self._folder.resolve()
        for candidate in (
            root / name.owner / f"{name.name}.git",
            root / name.owner / name.name,
            root / f"{name.name}.git",
        ):
            if candidate.is_dir():
                path = candidate.resolve()
                if path.is_relative_to(root):
                    return path
                raise Refused(
                    f"{name}: {candidate} links to a place outside of the folder"
                    "\n  next: put the repository itself there"
                )
        raise NotFound(
            f"{name}: not in {self._folder}\n  next: check `repo` and `url` in the fleet file"
        )

    def _names(self, owner: str) -> list[RepositoryName]:
        """The repositories of an owner; those without any count for every owner."""
        if not is_plain(owner):
            raise NotFound(f"{owner!a}: no name of an owner\n  next: correct `owner`")
        found = {
            entry.name.removesuffix(".git")
            for folder, pattern in ((self._folder / owner, "*"), (self._folder, "*.git"))
            if folder.is_dir()
            for entry in folder.glob(pattern)
            if (entry / "HEAD").is_file()
        }
        if not found and not (self._folder / owner).is_dir():
            raise NotFound(f"{owner}: not in {self._folder}\n  next: correct `owner`")
        return [RepositoryName(owner, name) for name in sorted(found)]


def _can_push(path: Path) -> bool:
    return all(os.access(path / part, os.W_OK) for part in ("objects", "refs/heads"))
