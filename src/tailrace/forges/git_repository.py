"""One bare repository through libgit2: what a cascade reads there, and the commit it makes.

Everything here blocks; `tailrace.forges.git` calls it from threads. A repository object is used
by one thread only and closed at the end of each operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, RepositoryOpenFlag

from tailrace.forges.base import (
    BadAnswer,
    BranchMissing,
    Conflict,
    EmptyRepository,
    ForgeError,
    NotFound,
    PermissionDenied,
    Refused,
    Tag,
)
from tailrace.forges.blobs import blob_sha
from tailrace.forges.names import check_path
from tailrace.model import FileChange, FileKind, RepositoryName, TreeEntry

_KINDS = {
    FileMode.BLOB: FileKind.FILE,
    FileMode.BLOB_EXECUTABLE: FileKind.FILE,
    FileMode.LINK: FileKind.SYMLINK,
    FileMode.COMMIT: FileKind.SUBMODULE,
    FileMode.TREE: FileKind.DIRECTORY,
}
_HEADS = "refs/heads/"


class RefLocked(Exception):
    """Another Git process holds the branch's lock. Never leaves the adapter."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A commit that no branch has yet."""

    branch: str
    parent: str
    commit: str
    blobs: tuple[str, ...]


@contextmanager
def opened(path: Path, name: RepositoryName) -> Iterator[BareRepository]:
    """The repository at ``path``, with libgit2's errors turned into `ForgeError`."""
    try:
        repository = pygit2.Repository(
            str(path), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE
        )
        try:
            yield BareRepository(repository, name)
        finally:
            repository.free()
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise _meaning(error, path, name) from error


def _meaning(error: Exception, path: Path, name: RepositoryName) -> ForgeError:
    said = str(error)
    text = ascii(said)[1:-1][:200]
    if "not owned by current user" in said:
        return PermissionDenied(
            f"{name}: another user owns {path}, so Git does not trust it"
            f"\n  next: run as its owner, or:"
            f"\n  git config --global --add safe.directory {path}"
        )
    if "ermission denied" in said:
        return PermissionDenied(f"{name}: {text}\n  next: give this user access to {path}")
    if text.startswith("Repository not found"):
        return BadAnswer(
            f"{name}: {path} is there, but is no bare Git repository"
            "\n  next: make it one with `git clone --bare`"
        )
    return BadAnswer(f"{name}: cannot be read: {text}\n  next: git -C {path} fsck")


class BareRepository:
    """What is done with an open repository."""

    def __init__(self, repository: pygit2.Repository, name: RepositoryName) -> None:
        self._git = repository
        self._name = name

    def default_branch(self) -> str:
        """The branch that HEAD names."""
        target = self._git.lookup_reference("HEAD").raw_target
        text = target.decode(errors="replace") if isinstance(target, bytes) else str(target)
        if not text.startswith(_HEADS):
            raise BadAnswer(
                f"{self._name}: HEAD is on no branch"
                "\n  next: git symbolic-ref HEAD refs/heads/main, or set `branch`"
            )
        return text.removeprefix(_HEADS)

    def is_empty(self) -> bool:
        """Whether there is no branch at all."""
        return not any(ref.startswith(_HEADS) for ref in self._git.references)

    def head(self, branch: str) -> str | None:
        """The commit that the branch is at; None: the repository is empty."""
        reference = self._reference(branch)
        if reference is not None:
            return str(reference.peel(pygit2.Commit).id)
        if self.is_empty():
            return None
        raise BranchMissing(
            f"{self._name}: has no branch {branch!r}; its default branch is"
            f" {self.default_branch()!r}\n  next: correct `branch` in the fleet file"
        )

    def commits(self, branch: str, count: int) -> tuple[str, ...]:
        """The newest commits of a branch, the newest first."""
        head = self.head(branch)
        if head is None:
            return ()
        return tuple(str(c.id) for c in islice(self._git.walk(pygit2.Oid(hex=head)), count))

    def entries(self, commit: str, paths: Sequence[str]) -> dict[str, TreeEntry]:
        """What the commit has at ``paths``."""
        tree = self._commit(commit).tree
        found: dict[str, TreeEntry] = {}
        for path in paths:
            entry = self._entry(tree, path)
            if entry is not None:
                found[path] = entry
        return found

    def _entry(self, tree: pygit2.Tree, path: str) -> TreeEntry | None:
        item = _lookup(tree, path)
        if item is None:
            return None
        kind = _KINDS.get(FileMode(item.filemode))
        if kind is None:
            raise BadAnswer(f"{self._name}: unknown mode {item.filemode:o} at {path!r}")
        # The header alone: an object's size must not cost its content.
        size = self._git.odb.read_header(item.id)[1] if kind is FileKind.FILE else None
        return TreeEntry(path, kind, str(item.id), size)

    def folder(self, sha: str) -> tuple[TreeEntry, ...]:
        """What stands directly in a tree."""
        tree = self._git[sha].peel(pygit2.Tree)
        names = [item.name or "" for item in tree]
        found = (self._entry(tree, name) for name in names)
        return tuple(entry for entry in found if entry is not None)

    def blob(self, sha: str, limit: int) -> bytes:
        """A blob's bytes, its size looked up before anything of it is read."""
        oid = pygit2.Oid(hex=sha)
        if oid not in self._git:
            raise BadAnswer(f"{self._name}: has no blob {sha}")
        size = self._git.odb.read_header(oid)[1]
        if size > limit:
            raise BadAnswer(f"{self._name}: blob {sha} has {size} bytes, more than {limit}")
        found = self._git[oid]
        if not isinstance(found, pygit2.Blob) or blob_sha(found.data, sha) != sha:
            raise BadAnswer(f"{self._name}: blob {sha} is not what its SHA says")
        return found.data

    def prepare(self, branch: str, changes: Sequence[FileChange], message: str) -> Prepared:
        """Make the commit, without moving a branch. Raises `Conflict` where the swap is off."""
        parent = self.head(branch)
        if parent is None:
            raise EmptyRepository(
                f"{self._name}: has no commit yet\n  next: push a first commit to {branch}"
            )
        tree = self._commit(parent).tree
        blobs = []
        for change in changes:
            tree, blob = self._with(tree, change)
            blobs.append(str(blob))
        who = self._signature()
        text = message if message.endswith("\n") else f"{message}\n"
        made = self._git.create_commit(None, who, who, text, tree.id, [pygit2.Oid(hex=parent)])
        return Prepared(branch, parent, str(made), tuple(blobs))

    def _with(self, tree: pygit2.Tree, change: FileChange) -> tuple[pygit2.Tree, pygit2.Oid]:
        """``tree`` with one file changed, and the file's blob."""
        check_path(change.path)
        here = _lookup(tree, change.path)
        standing = None if here is None else str(here.id)
        if standing != change.expected:
            raise Conflict(
                f"{self._name}: {change.path} is {standing or 'not there'},"
                f" not {change.expected or 'absent'}"
            )
        mode = FileMode.BLOB if here is None else FileMode(here.filemode)
        if _KINDS.get(mode) is not FileKind.FILE:
            raise Refused(f"{self._name}: {change.path} is no file\n  next: put a file there")
        blob = self._git.create_blob(change.content)
        root = self._grafted(tree, change.path.split("/"), blob, mode)
        return self._git[root].peel(pygit2.Tree), blob

    def create_tag(self, tag: Tag) -> None:
        """Make an annotated tag. Raises `Conflict` where one of that name is there."""
        if not pygit2.reference_is_valid_name(f"refs/tags/{tag.name}"):
            raise Refused(f"{self._name}: {tag.name!a} is no name of a tag")
        if tag.commit not in self._git:
            raise NotFound(f"{self._name}: has no commit {tag.commit[:12]}\n  next: push it first")
        target = self._commit(tag.commit).id
        try:
            self._git.create_tag(
                tag.name, target, pygit2.enums.ObjectType.COMMIT, self._signature(), tag.message
            )
        except (pygit2.AlreadyExistsError, ValueError, pygit2.GitError) as error:
            if self.tag(tag.name) is not None:
                raise Conflict(f"{self._name}: tag {tag.name} is there already") from error
            raise

    def tags(self) -> list[Tag]:
        """All tags that lead to a commit."""
        prefix = "refs/tags/"
        names = [ref.removeprefix(prefix) for ref in self._git.references if ref.startswith(prefix)]
        found = [self.tag(name) for name in names]
        return [tag for tag in found if tag is not None]

    def tag(self, name: str) -> Tag | None:
        """A tag; None where there is none of that name."""
        reference = f"refs/tags/{name}"
        if not pygit2.reference_is_valid_name(reference):
            return None
        found = self._git.references.get(reference)
        if found is None:
            return None
        target = self._git[found.target]
        message = (target.message or "") if isinstance(target, pygit2.Tag) else ""
        return Tag(name, str(found.peel(pygit2.Commit).id), message)

    def move(self, prepared: Prepared, new_branch: str | None) -> None:
        """Move the branch, or make the new one, under its lock: the compare-and-swap.

        Raises `Conflict` where the branch moved or the new one is there, `RefLocked` where
        another process holds the lock; nothing was done then.
        """
        name = _HEADS + (new_branch or prepared.branch)
        made = pygit2.Oid(hex=prepared.commit)
        try:
            if new_branch is not None:
                self._git.references.create(name, made, force=False)
                return
            reference = self._reference(prepared.branch)
            if reference is None or str(reference.target) != prepared.parent:
                raise Conflict(f"{self._name}: {prepared.branch} moved since it was read")
            # libgit2 compares with the target that `reference` was read with, under the lock.
            reference.set_target(made, "tailrace: commit")
        except pygit2.AlreadyExistsError as error:
            raise Conflict(f"{self._name}: branch {new_branch} is there already") from error
        except (pygit2.GitError, OSError) as error:
            text = str(error)
            if "old reference value does not match" in text:
                raise Conflict(f"{self._name}: {prepared.branch} moved meanwhile") from error
            if "failed to lock file" in text and "ermission denied" not in text:
                raise RefLocked(f"{self._git.path}{name}.lock") from error
            if new_branch is not None and ("not directory" in text or "collides" in text):
                raise Refused(
                    f"{self._name}: another branch stands in the way of {new_branch}"
                    "\n  next: delete or rename that branch"
                ) from error
            raise

    def _reference(self, branch: str) -> pygit2.Reference | None:
        name = _HEADS + branch
        if "\0" in branch or not pygit2.reference_is_valid_name(name):
            return None
        found = self._git.references.get(name)
        return None if found is None else found.resolve()

    def _commit(self, sha: str) -> pygit2.Commit:
        return self._git[sha].peel(pygit2.Commit)

    def _grafted(
        self, tree: pygit2.Tree | None, parts: Sequence[str], blob: pygit2.Oid, mode: FileMode
    ) -> pygit2.Oid:
        """``tree`` with the blob at ``parts``; every other entry stays as it is."""
        builder = self._git.TreeBuilder(tree) if tree is not None else self._git.TreeBuilder()
        first, rest = parts[0], parts[1:]
        if not rest:
            builder.insert(first, blob, mode)
            return builder.write()
        below = None if tree is None or first not in tree else tree[first]
        if below is not None and not isinstance(below, pygit2.Tree):
            raise Refused(f"{self._name}: {first} is no folder\n  next: correct `pin`")
        builder.insert(first, self._grafted(below, rest, blob, mode), FileMode.TREE)
        return builder.write()

    def _signature(self) -> pygit2.Signature:
        try:
            return self._git.default_signature
        except (KeyError, ValueError):
            return pygit2.Signature("tailrace", "tailrace@localhost")


def _lookup(tree: pygit2.Tree, path: str) -> pygit2.Object | None:
    try:
        return tree[path]
    except KeyError:
        return None
