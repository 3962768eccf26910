"""The files of a repository on disk, and what a change in it adds."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tailrace.errors import ConfigurationError
from tailrace.lint.node import MOST_BYTES
from tailrace.lint.target import FOLDERS
from tailrace.lint.tree import AddedLine, is_action, is_workflow

_TIMEOUT = 120
#: More of a diff than this is not read.
_MOST_DIFF = 64 * 1024 * 1024
_MOST_FILES = 20_000
_HUNK = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_SKIPPED = {".git", "node_modules", ".venv", "venv", "dist", "build"}


@dataclass(frozen=True, slots=True)
class Change:
    """What the working tree adds to a base commit."""

    added: tuple[AddedLine, ...]
    touched: tuple[str, ...]
    #: Workflows and actions as they were: path and content.
    before: Mapping[str, bytes]


def read_folder(root: Path) -> dict[str, bytes]:
    """Every workflow and action below ``root``, by path. Raises `ConfigurationError`."""
    if not root.is_dir():
        raise ConfigurationError(f"{root}: no such folder\n  next: name the repository's root")
    folders = sorted({folder for every in FOLDERS.values() for folder in every})
    found: dict[str, bytes] = {}
    for folder in folders:
        # A Gitea reads folders in the folder as well.
        for path in sorted((root / folder).rglob("*")) if _is_inside(root, root / folder) else ():
            name = path.relative_to(root).as_posix()
            if not is_workflow(name):
                continue
            if path.is_symlink():
                # Git keeps the name that a link points to, and a forge reads that as the file.
                found[name] = os.fsencode(path.readlink())
            elif path.is_file():
                found[name] = read_start(path)
    for path in _actions(root):
        found[path.relative_to(root).as_posix()] = read_start(path)
    return found


def folders_there(root: Path) -> frozenset[str]:
    """The folders for workflows that git has: those with any file in them."""
    every = {folder for folders in FOLDERS.values() for folder in folders}
    there = (one for one in every if any(not path.is_dir() for path in (root / one).rglob("*")))
    return frozenset(there)


def _is_inside(root: Path, path: Path) -> bool:
    """Whether it is in the repository also where links lead."""
    return path.resolve().is_relative_to(root.resolve())


def _actions(root: Path) -> Iterator[Path]:
    pending = [root]
    seen = 0
    while pending:
        for path in _listed(pending.pop()):
            seen += 1
            if seen > _MOST_FILES:
                return
            if path.is_dir() and not path.is_symlink() and path.name not in _SKIPPED:
                pending.append(path)
            elif is_action(path.name) and path.is_file() and _is_inside(root, path):
                yield path


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be read: {error.strerror}"
            "\n  next: mend its permissions, or lint a clean checkout"
        ) from error


def read_start(path: Path) -> bytes:
    """A file's bytes, at most one more than a workflow may have."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error


def write_text(root: Path, path: str, text: str) -> None:
    """Put an edited file in its place at once. Raises `ConfigurationError`."""
    file = root / path
    try:
        mark = codecs.BOM_UTF8 if read_start(file).startswith(codecs.BOM_UTF8) else b""
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".tailrace-", delete=False) as new:
            try:
                new.write(mark + text.encode())
                new.close()
                shutil.copymode(file, new.name)
                Path(new.name).replace(file)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from error


def read_change(root: Path, base: str) -> Change:
    """What is added since ``base``, uncommitted changes included. Raises `ConfigurationError`."""
    if base.startswith("-"):
        raise ConfigurationError(f"--diff {base!a}: is no commit")
    merge_base = _git(root, "merge-base", base, "HEAD").decode().strip()
    # Neither an attribute (`*.env -diff`) nor a setting of a person decides what is looked at.
    diff = _git(
        root, "diff", "--unified=0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff",
        "--no-textconv", "--text", "--no-renames", "--no-relative", "--submodule=short",
        "--src-prefix=a/", "--dst-prefix=b/", merge_base, "--",
    )  # fmt: skip
    names = _git(
        root, "diff", "--name-only", "-z", "--no-renames", "--no-relative", merge_base, "--"
    )
    added = tuple(added_lines(diff))
    binary = {line.path for line in added if "\0" in line.text}
    touched = tuple(name.decode(errors="replace") for name in names.split(b"\0") if name)
    before = {
        path: _git(root, "show", f"{merge_base}:{path}")[: MOST_BYTES + 1]
        for path in touched
        if (is_workflow(path) or is_action(path)) and _stood(root, merge_base, path)
    }
    return Change(tuple(line for line in added if line.path not in binary), touched, before)


def _stood(root: Path, commit: str, path: str) -> bool:
    return bool(_git(root, "ls-tree", "--name-only", commit, "--", path).strip())


def added_lines(diff: bytes) -> Iterator[AddedLine]:
    """The added lines of a unified diff without context."""
    path, number, left = "", 0, 0
    for line in diff.split(b"\n"):
        if left and line.startswith(b"+"):
            yield AddedLine(path, number, line[1:].decode(errors="replace"))
            number, left = number + 1, left - 1
        elif not left and line.startswith(b"+++ "):
            name = line[4:].decode(errors="replace").rstrip("\t")
            path = name.removeprefix("b/") if name.startswith("b/") else _unquoted(name)
        elif (hunk := _HUNK.match(line)) is not None:
            number = int(hunk[1])
            left = int(hunk[2]) if hunk[2] is not None else 1


def _unquoted(name: str) -> str:
    """A path as git quotes it where it has odd bytes."""
    if name.startswith('"b/') and name.endswith('"'):
        raw = name[3:-1].encode().decode("unicode_escape", errors="replace")
        return raw.encode("latin-1", errors="replace").decode(errors="replace")
    return name


def _git(root: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(root), "-c", "core.quotePath=true", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - arguments of our own, the base checked
            command, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise ConfigurationError("--diff needs git, which is not on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(f"{root}: git did not answer in {_TIMEOUT} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().split("\n")[0][:200]
        # It says nothing where two histories have no commit in common.
        said = said or f"nothing in common: {' '.join(arguments[1:])[:100]}"
        raise ConfigurationError(
            f"{root}: git {arguments[0]}: {said}\n  next: is the base fetched? name another --diff"
        )
    if len(done.stdout) > _MOST_DIFF:
        raise ConfigurationError(f"{root}: the change has more than {_MOST_DIFF:,} bytes")
    return done.stdout
