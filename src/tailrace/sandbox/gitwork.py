"""Git for the sandbox: reading and committing in real bare repositories, through libgit2."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

MODES = {
    FileMode.TREE: "040000",
    FileMode.BLOB: "100644",
    FileMode.BLOB_EXECUTABLE: "100755",
    FileMode.LINK: "120000",
    FileMode.COMMIT: "160000",
}
_TYPES = {"040000": "tree", "160000": "commit"}


class HeadMoved(Exception):
    """The compare-and-swap on a branch lost: the branch is not where it was."""

    def __init__(self, now: str, expected: str) -> None:
        super().__init__(f"is at {now} but expected {expected}")
        self.now = now
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree, with its path from the root of the listing."""

    path: str
    mode: str
    sha: str
    size: int

    @property
    def type(self) -> str:
        """``blob``, ``tree`` or ``commit``."""
        return _TYPES.get(self.mode, "blob")


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a commit; content None deletes it."""

    path: str
    content: bytes | None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who made a commit."""

    name: str
    email: str

    def signature(self) -> pygit2.Signature:
        """As Git writes it, now."""
        return pygit2.Signature(self.name or "sandbox", self.email or "sandbox@localhost")


def create(path: Path, default_branch: str) -> pygit2.Repository:
    """A new bare repository."""
    repository = pygit2.init_repository(str(path), bare=True, initial_head=default_branch)
    repository.config["http.receivepack"] = True
    return repository


def is_empty(repository: pygit2.Repository) -> bool:
    """Whether there is no commit on any branch yet (libgit2's own answer needs a main HEAD)."""
    return next(iter(repository.references), None) is None


def head_of(repository: pygit2.Repository, branch: str) -> str | None:
    """The commit that a branch is at, straight from its ref."""
    try:
        return str(repository.references[f"refs/heads/{branch}"].resolve().target)
    except (KeyError, ValueError, pygit2.InvalidSpecError):
        return None


def resolve(repository: pygit2.Repository, text: str) -> pygit2.Object | None:
    """What ``git rev-parse --verify`` makes of ``text``: a tag hides a branch of its name."""
    try:
        return repository.revparse_single(text)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def commit_of(found: pygit2.Object | None) -> pygit2.Commit | None:
    """The commit that an object leads to."""
    if found is None:
        return None
    try:
        commit = found.peel(pygit2.Commit)
    except (pygit2.GitError, pygit2.InvalidSpecError, ValueError):
        return None
    return commit


def entries(
    repository: pygit2.Repository, tree: pygit2.Tree, *, recursive: bool, prefix: str = ""
) -> Iterable[Entry]:
    """A tree's entries in Git's order; folders come before what is in them."""
    for item in tree:
        path = f"{prefix}{item.name}"
        mode = MODES.get(FileMode(item.filemode), "100644")
        size = item.size if isinstance(item, pygit2.Blob) else 0
        yield Entry(path, mode, str(item.id), size)
        if recursive and isinstance(item, pygit2.Tree):
            yield from entries(repository, item, recursive=True, prefix=f"{path}/")


def lookup(tree: pygit2.Tree, path: str) -> pygit2.Object | None:
    """What stands at ``path``."""
    try:
        return tree[path]
    except (KeyError, ValueError):
        return None


def write_tree(
    repository: pygit2.Repository, tree: pygit2.Tree | None, changes: Sequence[Change]
) -> pygit2.Oid:
    """The tree that comes of ``changes``; whatever they do not name stays as it is."""
    index = pygit2.Index()
    if tree is not None:
        index.read_tree(tree)
    for change in changes:
        if change.content is None:
            index.remove(change.path)
            continue
        mode = change.mode
        if mode is None:
            known = change.path in index
            mode = index[change.path].mode if known else int(FileMode.BLOB)
        if mode == FileMode.LINK or mode == FileMode.COMMIT:
            mode = int(FileMode.BLOB)
        blob = repository.create_blob(change.content)
        index.add(pygit2.IndexEntry(change.path, blob, FileMode(mode)))
    return index.write_tree(repository)


def commit(
    repository: pygit2.Repository,
    branch: str,
    expected: str | None,
    tree: pygit2.Oid,
    message: str,
    author: Person,
    committer: Person,
    parents: Sequence[str] | None = None,
) -> str:
    """Commit ``tree`` and move ``branch`` from ``expected`` to it. Raises `HeadMoved`."""
    made = repository.create_commit(
        None,
        author.signature(),
        committer.signature(),
        message if message.endswith("\n") else f"{message}\n",
        tree,
        [pygit2.Oid(hex=p) for p in (parents or ([expected] if expected else []))],
    )
    move(repository, branch, expected, str(made))
    return str(made)


def move(repository: pygit2.Repository, branch: str, expected: str | None, to: str) -> None:
    """Compare-and-swap of a branch. Raises `HeadMoved`."""
    now = head_of(repository, branch)
    if now != expected:
        raise HeadMoved(now or "0" * 40, expected or "0" * 40)
    try:
        repository.references.create(f"refs/heads/{branch}", to, force=expected is not None)
    except (pygit2.GitError, ValueError, OSError) as error:
        raise HeadMoved(head_of(repository, branch) or "0" * 40, expected or "0" * 40) from error


def history(repository: pygit2.Repository, start: str, path: str | None) -> list[pygit2.Commit]:
    """The commits from ``start`` back; with ``path``, those that changed it."""
    walk = repository.walk(pygit2.Oid(hex=start))
    return [found for found in walk if path is None or _changes(found, path)]


def last_change(commit: pygit2.Commit, path: str) -> str:
    """The newest commit, from ``commit`` back, in which ``path`` became what it is."""
    here = _id_at(commit, path)
    while commit.parents:
        parent = commit.parents[0]
        if _id_at(parent, path) != here:
            break
        commit = parent
    return str(commit.id)


def _changes(commit: pygit2.Commit, path: str) -> bool:
    before = [_id_at(parent, path) for parent in commit.parents] or [None]
    here = _id_at(commit, path)
    return all(there != here for there in before)


def _id_at(commit: pygit2.Commit, path: str) -> str | None:
    found = lookup(commit.tree, path) if path else commit.tree
    return None if found is None else str(found.id)


def iso(seconds: float) -> str:
    """A time as Gitea gives it: UTC, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
