"""Running other people's programs: with a deadline, and what they said kept short."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import TailraceError

#: What is kept of a program's output: its end.
_KEPT = 64 * 1024
_LINES = 12


class TookTooLong(TailraceError):
    """A program that did not end in time, and was stopped."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended, and the end of what it said."""

    code: int
    output: str

    def tail(self, lines: int = _LINES) -> str:
        """The last lines, indented for a message."""
        said = [line.rstrip() for line in self.output.splitlines() if line.strip()]
        return "\n".join(f"    {line[:200]}" for line in said[-lines:])


async def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Done:
    """Run ``command`` to its end. Raises `TookTooLong`; everything it started is stopped then."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=cwd,
        env=None if environ is None else dict(environ),
        start_new_session=True,
    )
    kept = bytearray()
    try:
        async with asyncio.timeout(timeout):
            if process.stdout is not None:
                while chunk := await process.stdout.read(_KEPT):
                    kept += chunk
                    del kept[:-_KEPT]
            code = await process.wait()
    except TimeoutError as error:
        name = " ".join(str(word) for word in command[:4])
        said = Done(1, kept.decode(errors="replace")).tail()
        raise TookTooLong(
            f"`{name} ...` did not end in {timeout:g} s, and was stopped{_below(said)}"
        ) from error
    finally:
        # Also where we are cancelled, and where it left children behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return Done(code, kept.decode(errors="replace"))


def _below(said: str) -> str:
    return f"\n{said}" if said else ""
