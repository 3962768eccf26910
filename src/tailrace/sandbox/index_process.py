"""The sandbox's package index: pypiserver, in a process of its own that ends with ours."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tailrace.errors import ConfigurationError

#: What uploads are made with; PyPI's own name for tokens.
USERNAME = "__token__"
_START = 30.0


class IndexProcess:
    """``async with IndexProcess(folder, token) as index``: it answers at ``index.url``."""

    def __init__(self, folder: Path, token: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.folder = folder
        self.url = ""
        self._token = token
        self._host = host
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    @property
    def simple_url(self) -> str:
        """What consumers install from."""
        return f"{self.url}/simple/"

    @property
    def upload_url(self) -> str:
        """What releases are uploaded to."""
        return f"{self.url}/"

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tailrace.sandbox.index_server",
            str(self.folder),
            self._host,
            str(self._port),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a process without its pipes")
        # Not as an argument: a process list shows those. The pipe stays open as long as we live.
        self._process.stdin.write(f"{self._token}\n".encode())
        try:
            async with asyncio.timeout(_START):
                await self._process.stdin.drain()
                line = await self._process.stdout.readline()
        except (TimeoutError, ConnectionError):
            line = b""
        if not line:
            await self.__aexit__(None, None, None)
            raise ConfigurationError(
                "the sandbox's index did not start"
                "\n  next: try it alone: python -m pypiserver run, or sandbox --no-index"
            )
        self.url = line.decode().strip()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()
            self._process = None
