"""The sandbox as a person uses it: clone, push, the page, a restart, a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path

import aiohttp
import pytest
from tests.cli.processes import DEADLINE, start, tailrace

from tailrace.errors import ConfigurationError
from tailrace.fleet.file import read_fleet
from tailrace.sandbox.seed import fill, seed_many, six_templates
from tailrace.sandbox.server import SandboxServer
from tailrace.sandbox.store import Store

OWNER = "molecule-ai"
CODEX = f"{OWNER}/molecule-ai-workspace-template-codex"


async def git(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Real git, with nobody's configuration."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(cwd),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "x",
            "GIT_AUTHOR_EMAIL": "x@example.test",
            "GIT_COMMITTER_NAME": "x",
            "GIT_COMMITTER_EMAIL": "x@example.test",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_clone_and_push_with_real_git(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path / "forge") as server:
        store = server.forge
        store.create_repository("acme", "one", {"a.txt": b"1\n"})
        anonymous = f"{server.url}/acme/one.git"
        assert (await git("clone", "-q", anonymous, "one", cwd=tmp_path))[0] == 0
        work = tmp_path / "one"
        (work / "a.txt").write_text("2\n")
        assert (await git("commit", "-qam", "two", cwd=work))[0] == 0
        refused, said = await git("push", "-q", cwd=work)
        assert refused != 0
        assert "could not read Username" in said
        trusted = anonymous.replace("://", f"://x:{store.admin_token}@")
        assert await git("push", "-q", trusted, "HEAD:main", cwd=work) == (0, "")
        assert store.read_file("acme", "one", "a.txt") == b"2\n"


async def test_who_may_not_clone_or_push(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path / "forge") as server:
        store = server.forge
        store.create_repository("acme", "secret", {"a.txt": b"1\n"}, private=True)
        reader = store.add_user("reader")
        secret = f"{server.url}/acme/secret.git"
        for url in (
            secret,
            secret.replace("://", f"://x:{reader}@"),
            secret.replace("://", "://x:wrong@"),
            f"{server.url}/acme/none.git",
            f"{server.url}/acme/..%2f..%2fetc.git",
        ):
            assert (await git("clone", "-q", url, "no", cwd=tmp_path))[0] != 0
        store.collaborate("acme", "secret", "reader", "read")
        mine = secret.replace("://", f"://x:{reader}@")
        assert (await git("clone", "-q", mine, "yes", cwd=tmp_path))[0] == 0
        assert (await git("commit", "-q", "--allow-empty", "-m", "x", cwd=tmp_path / "yes"))[0] == 0
        code, said = await git("push", "-q", cwd=tmp_path / "yes")
        assert code != 0
        assert "403" in said


async def test_the_page_lists_the_fleet_and_escapes_it(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path / "forge") as server:
        fill(server.forge, server.url, six_templates(), None)
        name = CODEX.split("/")[1]
        server.forge.commit_file(OWNER, name, ".runtime-version", b"<script>alert(1)</script>\n")
        server.forge.create_repository(OWNER, "hidden", {"a": b"a"}, private=True)
        async with aiohttp.ClientSession() as http, http.get(server.url) as answer:
            html = await answer.text()
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "7 public repositories" in html
    assert f"{server.url}/{CODEX}.git" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>" not in html
    assert "hidden" not in html


async def test_it_is_kept_across_a_restart(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path) as server:
        fill(server.forge, server.url, six_templates(), None)
        token = server.forge.admin_token
        other = server.forge.add_user("dev")
        server.forge.rename(OWNER, CODEX.split("/")[1], "codex-2")
        toml = tmp_path / "tailrace.toml"
        toml.write_text(toml.read_text() + "\n# mine\n")
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    async with SandboxServer(tmp_path) as server:
        fill(server.forge, server.url, six_templates(), None)
        store = server.forge
        assert store.admin_token == token
        assert [t.login for t in store.state.tokens if t.sha1 == other] == ["dev"]
        moved = store.renamed(OWNER, CODEX.split("/")[1])
        assert moved is not None
        assert moved.name == "codex-2"
        assert toml.read_text().endswith("\n# mine\n")
        assert read_fleet(toml).forge.url == server.url


async def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    process = await start(
        "sandbox", "--port", "0", "--data", "forge", "--ready-file", "ready", cwd=tmp_path
    )
    async with asyncio.timeout(DEADLINE):
        url = (await asyncio.to_thread(ready.read_text)).strip()
        token = (tmp_path / "forge" / "token").read_text().strip()
        headers = {"Authorization": f"token {token}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            label = {"name": "kept", "color": "#fff"}
            api = f"{url}/api/v1/repos/{CODEX}"
            async with http.post(f"{api}/labels", json=label) as answer:
                assert answer.status == 201
            edit = {"content": "MQo=", "message": "m"}
            async with http.post(f"{api}/contents/kept.txt", json=edit) as answer:
                assert answer.status == 201
        process.send_signal(signal.SIGKILL)
        await process.communicate()
    store = Store(tmp_path / "forge")
    assert [label.name for label in store.state.labels] == ["kept"]
    assert store.read_file(OWNER, CODEX.split("/")[1], "kept.txt") == b"1\n"
    store.close()


@pytest.mark.parametrize("name", ["../../out", "..", ".", "a/b", "a b", "", "x" * 101, "a.git"])
async def test_a_name_is_never_a_way_out_of_the_folder(tmp_path: Path, name: str) -> None:
    async with SandboxServer(tmp_path / "forge") as server:
        server.forge.create_repository("acme", "one", {"a": b"a"})
        headers = {"Authorization": f"token {server.forge.admin_token}"}
        api = f"{server.url}/api/v1"
        async with aiohttp.ClientSession(headers=headers) as http:
            for method, path, body in (
                ("POST", "/orgs/acme/repos", {"name": name}),
                ("POST", "/orgs", {"username": name}),
                ("PATCH", "/repos/acme/one", {"name": name}),
            ):
                async with http.request(method, api + path, json=body) as answer:
                    assert answer.status == 422, await answer.text()
    assert os.listdir(tmp_path) == ["forge"]  # noqa: PTH208 - of a coroutine


async def test_one_folder_is_one_sandboxs(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path):
        with pytest.raises(ConfigurationError, match="another sandbox is using it"):
            Store(tmp_path)
    Store(tmp_path).close()


async def test_a_port_that_is_taken_is_2_with_the_next_step(tmp_path: Path) -> None:
    async with SandboxServer(tmp_path / "a") as server:
        port = server.url.rpartition(":")[2]
        done = await tailrace("sandbox", "--port", port, "--data", "b", cwd=tmp_path)
    assert done.code == 2
    assert "cannot listen there" in done.err
    assert "next: choose another --port" in done.err


async def test_a_ready_file_that_cannot_be_written_is_2(tmp_path: Path) -> None:
    done = await tailrace("sandbox", "--port", "0", "--ready-file", "no/x", cwd=tmp_path)
    assert done.code == 2
    assert "no/x: cannot be written" in done.err
    assert "next: name another --ready-file" in done.err


def test_many_are_seeded_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    members = seed_many(store, "acme", 30, "1.0.0")
    assert store.read_file("acme", members[29][1], ".runtime-version") == b"1.0.0\n"
    store.commit_file("acme", members[3][1], ".runtime-version", b"2.0.0\n")
    assert seed_many(store, "acme", 40, "1.0.0")[:30] == members
    assert store.read_file("acme", members[3][1], ".runtime-version") == b"2.0.0\n"
    assert store.read_file("acme", "d00039", ".runtime-version") == b"1.0.0\n"
    store.close()


@pytest.mark.parametrize("writers", [1, 2])
async def test_as_many_writes_are_worked_on_at_once_as_there_are_writers(
    tmp_path: Path, writers: int
) -> None:
    under_way: list[int] = []
    meeting = asyncio.Barrier(writers)

    async def work(_: float) -> None:
        under_way.append(1)
        assert len(under_way) <= writers
        # Passed only if that many are at it at once.
        await meeting.wait()
        under_way.pop()

    async with SandboxServer(tmp_path / "forge", write_cost=0.4, writers=writers) as server:
        server._work = work
        seed_many(server.forge, OWNER, 4, "1.0.0")
        headers = {"Authorization": f"token {server.forge.admin_token}"}
        async with aiohttp.ClientSession(headers=headers) as http, asyncio.timeout(DEADLINE):

            async def write(number: int) -> int:
                url = f"{server.url}/api/v1/repos/{OWNER}/d{number:05}/contents/new.txt"
                async with http.post(url, json={"content": ""}) as response:
                    return response.status

            assert await asyncio.gather(*map(write, range(4))) == [201] * 4
