"""Making and reading the contents of a conformance repository, straight in Git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pygit2
from pygit2.enums import FileMode

SOMEBODY = pygit2.Signature("Somebody", "somebody@conformance.test")
#: A commit that no repository here has: submodules point elsewhere.
ELSEWHERE = "1234567890123456789012345678901234567890"


@dataclass(frozen=True)
class Entry:
    """What a commit puts at a path."""

    content: bytes = b""
    mode: FileMode = FileMode.BLOB


SUBMODULE = Entry(mode=FileMode.COMMIT)


def commit(git: pygit2.Repository, branch: str, files: Mapping[str, Entry | bytes | None]) -> str:
    """Commit ``files`` on top of ``branch``; None deletes one."""
    ref = git.references.get(f"refs/heads/{branch}")
    index = pygit2.Index()
    parents = []
    if ref is not None:
        parents = [ref.target]
        index.read_tree(ref.peel(pygit2.Tree))
    for path, content in files.items():
        if content is None:
            index.remove(path)
            continue
        entry = content if isinstance(content, Entry) else Entry(content)
        is_link = entry.mode is FileMode.COMMIT
        oid = pygit2.Oid(hex=ELSEWHERE) if is_link else git.create_blob(entry.content)
        index.add(pygit2.IndexEntry(path, oid, entry.mode))
    tree = index.write_tree(git)
    return str(git.create_commit(f"refs/heads/{branch}", SOMEBODY, SOMEBODY, "edit", tree, parents))


def branch_off(git: pygit2.Repository, branch: str, start: str = "main") -> None:
    """A new branch at ``start``."""
    git.references.create(f"refs/heads/{branch}", git.references[f"refs/heads/{start}"].target)


def head(git: pygit2.Repository, branch: str = "main") -> str:
    """The commit that a branch is at."""
    return str(git.references[f"refs/heads/{branch}"].target)


def count(git: pygit2.Repository, branch: str = "main") -> int:
    """How many commits a branch has."""
    return sum(1 for _ in git.walk(pygit2.Oid(hex=head(git, branch))))


def at(git: pygit2.Repository, path: str, branch: str = "main") -> tuple[FileMode, bytes]:
    """The mode and the bytes of a file."""
    found = git.references[f"refs/heads/{branch}"].peel(pygit2.Tree)[path]
    assert isinstance(found, pygit2.Blob)
    return FileMode(found.filemode), found.data
