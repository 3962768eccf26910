"""Clone and push: ``git http-backend`` behind a small ASGI adapter."""

from __future__ import annotations

import asyncio
import os

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tailrace.sandbox.api.call import Refused, authenticate
from tailrace.sandbox.records import Repository
from tailrace.sandbox.store import Store

_CHUNK = 64 * 1024
_HEADER_LIMIT = 64 * 1024
#: Seconds that one fetch or push may take.
_DEADLINE = 300


class GitHttp:
    """Serves ``/OWNER/NAME.git/...``. Fetching what is public needs no token; pushing does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        async with asyncio.timeout(_DEADLINE):
            await self._serve(request, send)
        if request.method == "POST" and scope["path"].endswith("/git-receive-pack"):
            found = self._repository(scope["path"])
            if found is not None:
                self._store.touch(found)

    def _repository(self, path: str) -> Repository | None:
        parts = path.split("/")
        if len(parts) < 4 or not parts[2].endswith(".git"):
            return None
        return self._store.find(parts[1], parts[2].removesuffix(".git"))

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        path = request.scope["path"]
        found = self._repository(path)
        if ".." in path.split("/") or "%" in path:
            return PlainTextResponse("not found\n", 404)
        pushing = path.endswith("/git-receive-pack") or (
            request.query_params.get("service") == "git-receive-pack"
        )
        ask = {"www-authenticate": 'Basic realm="Gitea"'}
        try:
            user, _ = authenticate(self._store, request.headers.get("authorization", ""))
        except Refused as refused:
            return PlainTextResponse(f"{refused.message}\n", 401, ask)
        if found is None:
            return PlainTextResponse("not found\n", 404)
        if user is None and (pushing or found.private):
            return PlainTextResponse("token is required\n", 401, ask)
        granted = found.collaborators.get(user.login, "") if user else ""
        owns = user is not None and (user.is_admin or user.login == found.owner)
        if pushing and not owns and granted not in ("write", "admin"):
            return PlainTextResponse("no permission to push\n", 403)
        if found.private and not owns and not granted:
            return PlainTextResponse("not found\n", 404)
        if pushing and found.archived:
            return PlainTextResponse("the repository is archived\n", 403)
        return None

    async def _serve(self, request: Request, send: Send) -> None:
        found = self._repository(request.scope["path"])
        rest = request.scope["path"].split(".git", 1)[1]
        name = f"/{found.owner}/{found.name}.git" if found else ""
        length = request.headers.get("content-length")
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "GIT_PROJECT_ROOT": str((self._store.root / "repositories").resolve()),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "HOME": str(self._store.root),
            "PATH_INFO": f"{name}{rest}",
            "QUERY_STRING": request.url.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": "sandbox",
            "REMOTE_ADDR": "127.0.0.1",
            **({"CONTENT_LENGTH": length} if length is not None else {}),
        }
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            limit=_HEADER_LIMIT,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_feed(request, process))
                group.create_task(_answer(process, send))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _feed(request: Request, process: asyncio.subprocess.Process) -> None:
    stdin = process.stdin
    if stdin is None:
        raise RuntimeError("git http-backend has no standard input")
    try:
        async for chunk in request.stream():
            stdin.write(chunk)
            await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It has answered without reading everything, which is its right.
        return
    finally:
        stdin.close()


async def _answer(process: asyncio.subprocess.Process, send: Send) -> None:
    stdout = process.stdout
    if stdout is None:
        raise RuntimeError("git http-backend has no standard output")
    status, headers = 200, []
    while line := (await stdout.readline()).rstrip(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    while chunk := await stdout.read(_CHUNK):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
