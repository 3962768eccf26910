"""Running other people's programs: with a deadline, and what they said kept short."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import NotPublished

#: What is kept of a program's output: its end.
_KEPT = 64 * 1024
_LINES = 12
#: Seconds for the last words of a program that has ended.
_LAST_WORDS = 1.0
#: Colours and the like (ECMA-48): twine check writes them whatever NO_COLOR says.
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
#: What a package's own code (its build, its import) must never see.
_SECRETS = frozenset(
    {
        "TAILRACE_TOKEN",
        "TAILRACE_INDEX_TOKEN",
        "TWINE_PASSWORD",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_RUNTIME_TOKEN",
        "PYPI_ID_TOKEN",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GITEA_TOKEN",
        "FORGEJO_TOKEN",
    }
)


class TookTooLong(NotPublished):
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


def without_secrets(
    environ: Mapping[str, str], names: Iterable[str], values: Iterable[str | None]
) -> dict[str, str]:
    """``environ`` without what could publish or claim: known names, these, and these values."""
    taken, hidden = _SECRETS.union(names), {value for value in values if value}
    return {
        key: value for key, value in environ.items() if key not in taken and value not in hidden
    }


async def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    hidden: Sequence[str] = (),
) -> Done:
    """Run ``command`` to its end; what it leaves running in its session is stopped then.

    What is ``hidden`` stands nowhere in what it said. Raises `TookTooLong`.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    read_end, write_end = os.pipe()
    # A pipe of our own: asyncio's stays open for as long as anything that was started has it.
    with open(read_end, "rb", buffering=0) as pipe, contextlib.ExitStack() as opened:  # noqa: ASYNC230, PTH123 - a pipe
        opened.callback(os.close, write_end)
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=asyncio.subprocess.STDOUT,
                cwd=cwd,
                env=None if environ is None else dict(environ),
                start_new_session=True,
            )
        except OSError as error:
            # As a shell says it: not a program, or none that runs here.
            transport.close()
            return Done(126, f"{command[0]}: {error.strerror}")
        except BaseException:
            transport.close()
            raise
        opened.close()
        kept = bytearray()
        reading = asyncio.create_task(_read(reader, kept))
        late = False
        try:
            async with asyncio.timeout(timeout):
                await process.wait()
        except TimeoutError:
            late = True
        finally:
            # Also where we are cancelled, and where it left children behind.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            code = await process.wait()
            await asyncio.wait([reading], timeout=_LAST_WORDS)
            reading.cancel()
            transport.close()
    said = _COLOURS.sub("", kept.decode(errors="replace"))
    for secret in filter(None, hidden):
        said = said.replace(secret, "[secret]")
    done = Done(code, said)
    if late:
        name = " ".join(str(word) for word in command[:4])
        raise TookTooLong(
            f"`{name} ...` did not end in {timeout:g} s, and was stopped{_below(done.tail())}"
        )
    return done


async def _read(reader: asyncio.StreamReader, kept: bytearray) -> None:
    while chunk := await reader.read(_KEPT):
        kept += chunk
        del kept[:-_KEPT]


def _below(said: str) -> str:
    return f"\n{said}" if said else ""
