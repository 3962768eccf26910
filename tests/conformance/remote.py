"""A real server as a world: repositories are made through its API, filled by git push."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import pygit2
from tests.conformance.worlds import Ability, World

from tailrace.model import ForgeKind, RepositoryName


class RemoteWorld(World):
    """Throw-away repositories of an owner on a server that is not ours."""

    #: Other users' tokens cannot be made with one that is no administrator's.
    abilities = frozenset(
        {
            Ability.RENAME,
            Ability.ARCHIVE,
            Ability.PRIVATE,
            Ability.PULL_REQUESTS,
            Ability.TOPICS,
        }
    )

    def __init__(self, kind: ForgeKind, url: str, token: str, owner: str, folder: Path) -> None:
        self.kind = kind
        self.url, self.token, self.owner = url.rstrip("/"), token, owner
        self.recreates = kind is ForgeKind.GITHUB
        self.keeps_mode = not self.recreates
        github = self.url in ("https://github.com", "https://www.github.com")
        below = "/api/v3" if kind is ForgeKind.GITHUB else "/api/v1"
        self._api = "https://api.github.com" if github else self.url + below
        self._folder = folder
        self._made: list[RepositoryName] = []
        self._prefix = f"tailrace-{secrets.token_hex(4)}-"

    async def __aenter__(self) -> Self:
        scheme = "Bearer" if self.kind is ForgeKind.GITHUB else "token"
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"{scheme} {self.token}"},
            timeout=aiohttp.ClientTimeout(total=60),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            for name in self._made:
                await self._call("DELETE", f"/repos/{name}")
        finally:
            await self._http.close()

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(method, self._api + path, json=body) as response:
            assert response.status < 300, f"{method} {path}: {response.status}"
            return await response.json() if response.status != 204 else None

    async def make(self, name: RepositoryName, *, private: bool, default_branch: str) -> None:
        me = await self._call("GET", "/user")
        own = me["login"].lower() == self.owner.lower()
        where = "/user/repos" if own else f"/orgs/{self.owner}/repos"
        wanted = {"name": name.name, "private": private, "default_branch": default_branch}
        await self._call("POST", where, wanted)
        self._made.append(name)

    def named(self, name: str) -> str:
        return self._prefix + name

    @asynccontextmanager
    async def git(self, name: RepositoryName) -> AsyncIterator[pygit2.Repository]:
        path = self._folder / f"{secrets.token_hex(4)}.git"
        self._git("init", "--bare", "--quiet", str(path))
        url = f"{self.url}/{name}.git"
        at = ("-C", str(path))
        self._git(
            *at, "fetch", "--quiet", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"
        )
        before = self._git(*at, "for-each-ref")
        yield pygit2.Repository(str(path))
        if self._git(*at, "for-each-ref") != before:
            self._git(
                *at, "push", "--quiet", url, "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"
            )

    def _git(self, *arguments: str) -> str:
        # The token goes in by the environment: it must not show in the list of processes.
        assert self.token is not None
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        host = urlsplit(self.url)
        environment = {
            **os.environ,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{host.scheme}://{host.netloc}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }
        done = subprocess.run(
            ["git", *arguments], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr.replace(basic, "...")
        return done.stdout

    async def rename(self, name: RepositoryName, to: str) -> RepositoryName:
        await self._call("PATCH", f"/repos/{name}", {"name": to})
        self._made[self._made.index(name)] = RepositoryName(name.owner, to)
        return RepositoryName(name.owner, to)

    async def archive(self, name: RepositoryName) -> None:
        await self._call("PATCH", f"/repos/{name}", {"archived": True})

    async def topics(self, name: RepositoryName, topics: Sequence[str]) -> None:
        key = "names" if self.kind is ForgeKind.GITHUB else "topics"
        await self._call("PUT", f"/repos/{name}/topics", {key: list(topics)})
