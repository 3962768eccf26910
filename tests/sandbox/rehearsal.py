"""Brings a sandbox into the state in which each exchange was recorded, and plays it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tailrace.sandbox import gitwork
from tailrace.sandbox.records import Status
from tailrace.sandbox.server import SandboxServer

WORKFLOW = b"name: publish-image\non: push\njobs: {}\n"
RECORDED_HEAD = "5506175609c86701031dbefc9e01b63fd3c669f1"
RECORDED_FEATURE = "23c97af656e2d2d67ff59aa43fd6e29a3c7c65cf"

Answer = tuple[int, dict[str, str], Any]


class Rehearsal:
    """Knows what stood on the recorded server before each of its exchanges."""

    def __init__(
        self, server: SandboxServer, session: aiohttp.ClientSession, clock: list[float]
    ) -> None:
        self._server = server
        self._store = server.forge
        self._session = session
        self._clock = clock
        self.played = 0
        self._before: dict[str, Callable[[], Awaitable[None]]] = {
            "repo": self._repositories,
            "contents-create-new-branch": self._let_dev_branch,
            "status-create": self._running_status,
            "pull-create": self._feature,
            "pull-get-behind": self._main_moves,
            "pull-get-conflicting": self._conflict,
            "pull-merge-retried": self._eight_seconds,
        }

    async def prepare(self) -> None:
        """The users that the recording had."""
        self._store.add_user("acme-dev", email="acmedev@example.test", password="recorded")
        self._author = self._store.add_user("acme-author1", email="acmeauthor1@example.test")
        self._reviewer = self._store.add_user("acme-qa1")
        self._write_scope = self._store.token("acme-dev", ["write:repository"])
        self._read_scope = self._store.token("acme-dev", ["read:repository"])

    async def play(self, exchange: dict[str, Any]) -> Answer | None:
        """The sandbox's answer; None where the exchange was a scene, which is checked here."""
        self.played += 1
        name = exchange["name"]
        if name in self._before:
            await self._before[name]()
        if name == "contents-update-race-same-file":
            await self._race(["race.txt"] * 6, update=True)
            return None
        if name == "contents-create-race-other-files":
            await self._race([f"race-{n}.txt" for n in range(6)], update=False)
            return None
        if name == "updated-at-moves-on-write":
            await self._updated_at_lags()
            return None
        request = exchange["request"]
        return await self._call(
            request["method"],
            self._path(request["path"]),
            self._body(request.get("body")),
            {**self._authorization(name, request), **request.get("headers", {})},
        )

    async def _call(
        self, method: str, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> Answer:
        from yarl import URL

        url = URL(f"{self._server.url}/api/v1{path}", encoded=True)
        async with self._session.request(
            method,
            url,
            json=body,
            headers=self._admin() if headers is None else headers,
            allow_redirects=False,
        ) as response:
            lower = {key.lower(): value for key, value in response.headers.items()}
            text = await response.text()
            is_json = lower.get("content-type", "").startswith("application/json")
            return response.status, lower, await response.json() if is_json else text

    def _admin(self) -> dict[str, str]:
        return {"Authorization": f"token {self._store.admin_token}"}

    def _authorization(self, name: str, request: dict[str, Any]) -> dict[str, str]:
        auth = request["auth"]
        if auth == "admin":
            return self._admin()
        if auth == "none":
            return {}
        if auth == "basic":
            both = base64.b64encode(b"acme-dev:recorded").decode()
            return {"Authorization": f"Basic {both}"}
        token = self._write_scope
        if "bad-token" in name:
            token = "0" * 40
        elif name == "contents-create-read-scope":
            token = self._read_scope
        elif name.startswith("pull-") or name == "review-self-approve":
            token = self._author
        elif name.startswith("review-"):
            token = self._reviewer
        return {"Authorization": f"token {token}"}

    def _path(self, path: str) -> str:
        path = path.replace(RECORDED_HEAD, self._head("main"))
        teams = [team.id for team in self._store.state.teams if team.name == "core-qa"]
        if teams:
            path = path.replace("/teams/5/", f"/teams/{teams[0]}/")
        return path.replace("/labels/3", f"/labels/{self._label()}")

    def _body(self, body: Any) -> Any:
        if isinstance(body, dict) and body.get("labels") == [3]:
            return {"labels": [self._label()]}
        if isinstance(body, dict) and body.get("head_commit_id") == RECORDED_FEATURE:
            return {**body, "head_commit_id": self._head("feature")}
        return body

    def _label(self) -> int:
        return next((label.id for label in self._store.state.labels), 0)

    def _head(self, branch: str) -> str:
        pinned = self._store.find("acme", "pinned")
        if pinned is None:
            return ""
        return gitwork.head_of(self._store.git(pinned), branch) or ""

    async def _repositories(self) -> None:
        store = self._store
        readme = {"README.md": b"# readme\n"}
        store.create_repository("acme", "pinned", readme)
        for path, content in (
            (".gitea/workflows/publish-image.yml", WORKFLOW),
            (".runtime-version", b"0.1.129\n"),
        ):
            new = {"content": base64.b64encode(content).decode(), "message": f"set {path}"}
            where = f"/repos/acme/pinned/contents/{path}"
            assert (await self._call("POST", where, new))[0] == 201
        store.create_repository("acme", "bare-new")
        for name in ("gone", "old-name", "archived"):
            store.create_repository("acme", name, readme)
        store.create_repository("acme", "private", readme, private=True)
        for name in ("protected", "shapes"):
            store.create_repository("acme", name, readme)

    async def _let_dev_branch(self) -> None:
        protected = self._store.find("acme", "protected")
        assert protected is not None
        assert protected.collaborators == {"acme-dev": "write"}

    async def _running_status(self) -> None:
        pinned = self._store.find("acme", "pinned")
        assert pinned is not None
        self._store.state.statuses.put(
            Status(
                id=self._store.state.statuses.next_id(),
                repository=pinned.id,
                sha=self._head("main"),
                context="publish-image / build (push)",
                state="pending",
                description="Waiting to run",
                target_url="/acme/pinned/actions/runs/5/jobs/0",
                created_at=self._store.now(),
            )
        )

    async def _feature(self) -> None:
        self._store.collaborate("acme", "pinned", "acme-author1", "write")
        edit = {
            "content": base64.b64encode(b"x\n").decode(),
            "message": "feature",
            "branch": "main",
            "new_branch": "feature",
        }
        headers = {"Authorization": f"token {self._author}"}
        path = "/repos/acme/pinned/contents/feature.txt"
        assert (await self._call("POST", path, edit, headers))[0] == 201

    async def _main_moves(self) -> None:
        self._store.commit_file("acme", "pinned", "other.txt", b"y\n")
        await self._settle(1)

    async def _conflict(self) -> None:
        store = self._store
        pinned = store.find("acme", "pinned")
        assert pinned is not None
        git = store.git(pinned)
        git.references.create("refs/heads/conflict", self._head("main"))
        store.commit_file("acme", "pinned", "README.md", b"# theirs\n", branch="conflict")
        new = {"title": "Conflict", "head": "conflict", "base": "main", "body": ""}
        assert (await self._call("POST", "/repos/acme/pinned/pulls", new))[0] == 201
        store.commit_file("acme", "pinned", "README.md", b"# ours\n")
        await self._settle(2)

    async def _settle(self, number: int) -> None:
        """Have `mergeable` computed, and let the time for that go by."""
        await self._call("GET", f"/repos/acme/pinned/pulls/{number}", None)
        self._clock[0] += 3

    async def _eight_seconds(self) -> None:
        self._clock[0] += 8

    async def _race(self, names: list[str], *, update: bool) -> None:
        """Six writers at once: exactly one of them succeeds, the others get the recorded 500."""
        sha = ""
        if update:
            self._store.commit_file("acme", "shapes", names[0], b"0\n")
            path = f"/repos/acme/shapes/contents/{names[0]}"
            sha = (await self._call("GET", path, None))[2]["sha"]
        usual = self._server.before_commit
        self._server.before_commit = asyncio.Barrier(len(names)).wait
        answers = await asyncio.gather(
            *(
                self._call(
                    "PUT" if update else "POST",
                    f"/repos/acme/shapes/contents/{name}",
                    {
                        "content": base64.b64encode(b"%d\n" % n).decode(),
                        "message": "race",
                        "branch": "main",
                        **({"sha": sha} if update else {}),
                    },
                )
                for n, name in enumerate(names)
            )
        )
        self._server.before_commit = usual
        assert sorted(status for status, _, _ in answers) == [
            200 if update else 201,
            *[500] * 5,
        ]
        for status, _, body in answers:
            if status == 500:
                assert body["message"].startswith(
                    "PushRejected Error: exit status 1 - remote: error: cannot lock ref"
                    " 'refs/heads/main': is at "
                )

    async def _updated_at_lags(self) -> None:
        """``updated_at`` is still the old one when the write is answered, and moves later."""
        path = "/repos/acme/pinned"
        self._clock[0] += 60
        before = (await self._call("GET", path, None))[2]["updated_at"]
        old = (await self._call("GET", f"{path}/contents/.runtime-version", None))[2]
        edit = {
            "content": base64.b64encode(b"0.1.131\n").decode(),
            "message": "pin",
            "branch": "main",
            "sha": old["sha"],
        }
        assert (await self._call("PUT", f"{path}/contents/.runtime-version", edit))[0] == 200
        assert (await self._call("GET", path, None))[2]["updated_at"] == before
        self._clock[0] += 2
        assert (await self._call("GET", path, None))[2]["updated_at"] > before
