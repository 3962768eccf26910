"""The command as a process of its own, beside a sandbox in this one."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE = 60


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


async def start(
    *arguments: str,
    cwd: Path,
    environ: dict[str, str] | None = None,
    stdout: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.PIPE,
) -> asyncio.subprocess.Process:
    """``tailrace ARGUMENTS``, with nothing of this process's environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tailrace",
        *arguments,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **(environ or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )


async def tailrace(*arguments: str, cwd: Path, **environ: str) -> Done:
    """Run the command to its end."""
    process = await start(*arguments, cwd=cwd, environ=environ)
    async with asyncio.timeout(DEADLINE):
        out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())
