"""The forges that the suite runs against: how each one's repositories are made."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiohttp
import pygit2
from tests.conformance.gitwork import Entry, commit
from tests.doubles.github import GitHubDouble

from tailrace.forges.base import Forge
from tailrace.forges.open import open_forge
from tailrace.model import ForgeKind, RepositoryName
from tailrace.sandbox.server import SandboxServer
from tailrace.settings import ForgeSettings


class Ability(StrEnum):
    """What not every forge can do; the suite asserts what those say that cannot."""

    RENAME = "rename"
    ARCHIVE = "archive"
    PRIVATE = "private"
    PROTECT = "protect"
    PULL_REQUESTS = "pull requests"
    TOPICS = "topics"
    #: Tokens of other users, and with fewer scopes.
    ROLES = "roles"
    #: Required checks, statuses of commits, issues.
    CHECKS = "checks"


ALL = frozenset(Ability)


async def no_wait(seconds: float) -> None:
    """The injected sleep: gives others their turn."""
    await asyncio.sleep(0)


class World(ABC):
    """One forge with an owner whose repositories come and go."""

    kind: ForgeKind
    abilities = ALL
    owner = "fleet"
    #: A write to a file that is gone makes it anew (GitHub's contents API).
    recreates = False
    #: Commits of the forge keep an executable file executable.
    keeps_mode = True
    url: str
    token: str | None

    def settings(self) -> ForgeSettings:
        return ForgeSettings(kind=self.kind, url=self.url, owner=self.owner)

    def forge(self) -> Forge:
        """The adapter, with a token that may do everything."""
        return self.forge_as(self.token)

    def forge_as(self, token: str | None) -> Forge:
        return open_forge(self.settings(), token, sleep=no_wait)

    async def create(
        self,
        name: str,
        files: Mapping[str, Entry | bytes] | None = None,
        *,
        private: bool = False,
        default_branch: str = "main",
    ) -> RepositoryName:
        """A new repository; without files it is empty."""
        made = RepositoryName(self.owner, self.named(name))
        await self.make(made, private=private, default_branch=default_branch)
        if files:
            async with self.git(made) as git:
                commit(git, default_branch, files)
        return made

    def named(self, name: str) -> str:
        """The name that a repository called ``name`` has there."""
        return name

    @abstractmethod
    async def make(self, name: RepositoryName, *, private: bool, default_branch: str) -> None:
        """A new empty repository."""

    @abstractmethod
    def git(self, name: RepositoryName) -> AbstractAsyncContextManager[pygit2.Repository]:
        """The repository itself, to look at and to change as somebody else would."""

    async def rename(self, name: RepositoryName, to: str) -> RepositoryName:
        raise AssertionError("not in this world")

    async def archive(self, name: RepositoryName) -> None:
        raise AssertionError("not in this world")

    async def protect(self, name: RepositoryName, branch: str) -> None:
        raise AssertionError("not in this world")

    async def merged(self, name: RepositoryName, head: str, labels: Sequence[str]) -> str:
        """Merge a pull request from ``head`` that has these labels; the commit that it became."""
        raise AssertionError("not in this world")

    async def require(self, name: RepositoryName, branch: str, contexts: Sequence[str]) -> None:
        """Have these contexts pass before a merge."""
        raise AssertionError("not in this world")

    async def status(self, name: RepositoryName, commit: str, context: str, state: str) -> None:
        raise AssertionError("not in this world")

    async def open_issue(self, name: RepositoryName) -> int:
        raise AssertionError("not in this world")

    async def topics(self, name: RepositoryName, topics: Sequence[str]) -> None:
        raise AssertionError("not in this world")

    def stranger(self) -> str:
        """A token of a user who has nothing to do with the owner."""
        raise AssertionError("not in this world")

    def read_only(self) -> str:
        """A token whose user may write, and that itself may not."""
        raise AssertionError("not in this world")


class GiteaWorld(World):
    """The sandbox, which answers as a recorded Gitea does."""

    kind = ForgeKind.GITEA

    def __init__(self, server: SandboxServer) -> None:
        self.url, self.token = server.url, server.forge.admin_token
        self._store = server.forge

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator[World]:
        async with SandboxServer(folder) as server:
            yield cls(server)

    async def make(self, name: RepositoryName, *, private: bool, default_branch: str) -> None:
        self._store.create_repository(
            name.owner, name.name, private=private, default_branch=default_branch
        )

    @asynccontextmanager
    async def git(self, name: RepositoryName) -> AsyncIterator[pygit2.Repository]:
        yield pygit2.Repository(str(self._store.path(name.owner, name.name)))

    async def rename(self, name: RepositoryName, to: str) -> RepositoryName:
        self._store.rename(name.owner, name.name, to)
        return RepositoryName(name.owner, to)

    async def archive(self, name: RepositoryName) -> None:
        self._store.archive(name.owner, name.name)

    async def protect(self, name: RepositoryName, branch: str) -> None:
        self._store.protect(name.owner, name.name, branch)

    async def topics(self, name: RepositoryName, topics: Sequence[str]) -> None:
        record = self._store.find(name.owner, name.name)
        assert record is not None
        record.topics = list(topics)
        self._store.state.repositories.put(record)

    async def require(self, name: RepositoryName, branch: str, contexts: Sequence[str]) -> None:
        rule = {
            "rule_name": branch,
            "enable_push": True,
            "enable_status_check": True,
            "status_check_contexts": list(contexts),
        }
        await self._post(name, "branch_protections", rule)

    async def merged(self, name: RepositoryName, head: str, labels: Sequence[str]) -> str:
        pull = await self._post(name, "pulls", {"head": head, "base": "main", "title": "t"})
        number = pull["number"]
        for label in labels:
            made = await self._post(name, "labels", {"name": label, "color": "#00ff00"})
            await self._post(name, f"issues/{number}/labels", {"labels": [made["id"]]}, 200)
        await self._post(name, f"pulls/{number}/merge", {"Do": "merge"}, 200)
        return str(pygit2.Repository(str(self._store.path(name.owner, name.name))).head.target)

    async def status(self, name: RepositoryName, commit: str, context: str, state: str) -> None:
        await self._post(name, f"statuses/{commit}", {"context": context, "state": state})

    async def open_issue(self, name: RepositoryName) -> int:
        made = await self._post(name, "issues", {"title": "tracked"})
        return int(made["number"])

    async def _post(self, name: RepositoryName, path: str, body: object, status: int = 201) -> Any:
        url = f"{self.url}/api/v1/repos/{name}/{path}"
        headers = {"Authorization": f"token {self.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, json=body) as response,
        ):
            text = await response.text()
            assert response.status == status, text
            return json.loads(text) if text else None

    def stranger(self) -> str:
        return self._store.add_user("stranger")

    def read_only(self) -> str:
        return self._store.token("sandbox", ["read:repository"])


class GitHubWorld(World):
    """The double, which answers as GitHub's documentation says."""

    kind = ForgeKind.GITHUB
    recreates = True
    keeps_mode = False

    def __init__(self, double: GitHubDouble) -> None:
        self.double = double
        self.url, self.token = double.url, double.admin_token

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator[World]:
        async with GitHubDouble(folder) as double:
            yield cls(double)

    async def make(self, name: RepositoryName, *, private: bool, default_branch: str) -> None:
        self.double.create(name.owner, name.name, private=private, default_branch=default_branch)

    @asynccontextmanager
    async def git(self, name: RepositoryName) -> AsyncIterator[pygit2.Repository]:
        yield pygit2.Repository(str(self.double.path(self.double.record(name.owner, name.name))))

    async def rename(self, name: RepositoryName, to: str) -> RepositoryName:
        self.double.rename(self.double.record(name.owner, name.name), to)
        return RepositoryName(name.owner, to)

    async def archive(self, name: RepositoryName) -> None:
        self.double.record(name.owner, name.name).archived = True

    async def protect(self, name: RepositoryName, branch: str) -> None:
        self.double.record(name.owner, name.name).protected.add(branch)

    async def require(self, name: RepositoryName, branch: str, contexts: Sequence[str]) -> None:
        self.double.record(name.owner, name.name).required[branch] = list(contexts)

    async def merged(self, name: RepositoryName, head: str, labels: Sequence[str]) -> str:
        record = self.double.record(name.owner, name.name)
        git = pygit2.Repository(str(self.double.path(record)))
        commit = str(git.references[f"refs/heads/{head}"].target)
        git.references.create("refs/heads/main", commit, force=True)
        record.pulls.append(
            {
                "number": 1,
                "state": "closed",
                "merged_at": "2026-11-23T00:00:00Z",
                "merge_commit_sha": commit,
                "labels": [{"name": label} for label in labels],
            }
        )
        return commit

    async def status(self, name: RepositoryName, commit: str, context: str, state: str) -> None:
        record = self.double.record(name.owner, name.name)
        record.statuses.setdefault(commit, {})[context] = state

    async def open_issue(self, name: RepositoryName) -> int:
        self.double.record(name.owner, name.name).issues[1] = "open"
        return 1

    async def topics(self, name: RepositoryName, topics: Sequence[str]) -> None:
        self.double.record(name.owner, name.name).topics = list(topics)

    def stranger(self) -> str:
        return self.double.add_user("stranger")

    def read_only(self) -> str:
        return self.double.add_user("admin", read_only=True)


class GitWorld(World):
    """A folder of bare repositories."""

    kind = ForgeKind.GIT
    abilities = frozenset[Ability]()
    token = None

    def __init__(self, folder: Path) -> None:
        self.url = str(folder)
        self._folder = folder

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator[World]:
        await asyncio.to_thread(folder.mkdir)
        yield cls(folder)

    def path(self, name: RepositoryName) -> Path:
        return self._folder / name.owner / f"{name.name}.git"

    async def make(self, name: RepositoryName, *, private: bool, default_branch: str) -> None:
        pygit2.init_repository(str(self.path(name)), bare=True, initial_head=default_branch)

    @asynccontextmanager
    async def git(self, name: RepositoryName) -> AsyncIterator[pygit2.Repository]:
        yield pygit2.Repository(str(self.path(name)))


LOCAL: Mapping[str, type[GiteaWorld] | type[GitHubWorld] | type[GitWorld]] = {
    "gitea": GiteaWorld,
    "github": GitHubWorld,
    "git": GitWorld,
}
