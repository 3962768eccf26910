"""Calls to the forge for each repository, as the forge counts them."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from pathlib import Path

from bench.child import CannotMeasureError
from bench.part import Part
from bench.sizes import Sizes
from bench.table import Goal, markdown
from bench.world import AFTER, BEFORE, OWNER, PACKAGE, environment, say
from tailrace.sandbox.seed import seed_many, toml_of
from tailrace.sandbox.server import SandboxServer

_WRITES = ("PUT", "POST", "PATCH", "DELETE")


def measure(work: Path, sizes: Sizes) -> Part:
    """The calls of a cascade that writes, and of one that finds nothing to do."""
    say("calls: counting")
    folder = work / "calls"
    folder.mkdir()
    return asyncio.run(_count(folder, sizes.calls))


async def _count(folder: Path, size: int) -> Part:
    rows: list[tuple[str, ...]] = []
    goals: list[Goal] = []
    for number, (named, text) in enumerate(((True, "yes"), (False, "no"))):
        data = folder / f"forge-{number}"
        async with SandboxServer(data) as server:
            members = seed_many(server.forge, OWNER, size, BEFORE)
            fleet = toml_of(PACKAGE, OWNER, server.url, members)
            if named:
                fleet = fleet.replace(
                    "[discovery]", '[defaults]\nbranch = "main"\n\n[discovery]', 1
                )
            (data / "tailrace.toml").write_text(fleet)
            env = {**environment(folder / "home"), "TAILRACE_TOKEN": server.forge.admin_token}
            written = await _counted(server, env, "cascade")
            for name, _ in members:
                if server.forge.read_file(OWNER, name, ".runtime-version") != b"1.0.1\n":
                    raise CannotMeasureError(f"{name}: does not have {AFTER}")
            kept = await _counted(server, env, "cascade")
            verified = await _counted(server, env, "verify")
        before, after = _most(written)
        rows += [
            ("cascade, a pin to write", text, str(before), str(after)),
            ("cascade, converged", text, str(sum(_most(kept))), "-"),
            ("verify, converged", text, str(sum(_most(verified))), "-"),
        ]
        if named:
            most = max(sum(_most(kept)), sum(_most(verified)))
            goals.append(
                Goal("at most 1 call where `branch` is set and converged", f"{most}", most <= 1)
            )
        said = f"{before} and {after}, `branch` set: {text}"
        goals.append(
            Goal("at most 4 calls for a write, 1 to read it back", said, before <= 4 and after <= 1)
        )
    header = ("what", "`branch` set", "calls up to the write", "calls after it")
    return Part(markdown(header, rows), tuple(goals), (f"The most of any of {size} repositories.",))


async def _counted(
    server: SandboxServer, env: dict[str, str], command: str
) -> list[tuple[str, str]]:
    """The calls of one run of tailrace."""
    server.api_calls.clear()
    tailrace = str(Path(sys.executable).parent / "tailrace")
    fleet = str(server.root / "tailrace.toml")
    argv = (tailrace, command, AFTER, "--fleet", fleet)
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        cwd=server.root,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise CannotMeasureError(f"tailrace {command}: {output[-300:].decode(errors='replace')}")
    return list(server.api_calls)


def _most(calls: list[tuple[str, str]]) -> tuple[int, int]:
    """The most calls of any repository up to its write, and after it."""
    of: defaultdict[str, list[str]] = defaultdict(list)
    for method, line in calls:
        of["/".join(line.split("?")[0].split("/")[:6])].append(method)
    split = []
    for methods in of.values():
        writes = [at for at, method in enumerate(methods, 1) if method in _WRITES]
        upto = writes[-1] if writes else len(methods)
        split.append((upto, len(methods) - upto))
    return max(upto for upto, _ in split), max(after for _, after in split)
