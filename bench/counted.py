"""Tailrace as a process of its own, at a sandbox in this one that counts its calls."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.child import CannotMeasureError
from bench.world import AFTER, OWNER, PACKAGE, PIN, environment
from tailrace.sandbox.seed import seed_many, toml_of
from tailrace.sandbox.server import SandboxServer


@dataclass(frozen=True, slots=True)
class Counted:
    """One run: seconds, and each call as method and path."""

    wall: float
    calls: tuple[tuple[str, str], ...]


def seeded(server: SandboxServer, size: int, version: str, *, branch: bool = True) -> Path:
    """So many equal repositories that pin ``version``, and a fleet file that lists them."""
    members = seed_many(server.forge, OWNER, size, version)
    text = toml_of(PACKAGE, OWNER, server.url, members)
    if branch:
        text = text.replace("[discovery]", '[defaults]\nbranch = "main"\n\n[discovery]', 1)
    file = server.root / "tailrace.toml"
    file.write_text(text)
    return file


async def run_counted(server: SandboxServer, *arguments: str) -> Counted:
    """``tailrace ARGUMENTS`` to its end. Raises `CannotMeasureError` where that is not 0."""
    server.api_calls.clear()
    env = environment(server.root / "home") | {"TAILRACE_TOKEN": server.forge.admin_token}
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "tailrace"),
        *arguments,
        env=env,
        cwd=server.root,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    wall = time.perf_counter() - started
    if process.returncode != 0:
        said = output[-300:].decode(errors="replace")
        raise CannotMeasureError(f"tailrace {arguments[0]}: {said}")
    return Counted(wall, tuple(server.api_calls))


def check_pins(server: SandboxServer, size: int) -> None:
    """Raises `CannotMeasureError` unless the repositories themselves have the release."""
    for number in range(size):
        name = f"d{number:05}"
        if server.forge.read_file(OWNER, name, PIN) != f"{AFTER}\n".encode():
            raise CannotMeasureError(f"{name}: does not have {AFTER}")
