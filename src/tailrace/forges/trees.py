"""Reading a few paths out of the tree listings that Gitea and GitHub give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import msgspec

from tailrace.forges.base import BadAnswer
from tailrace.model import FileKind, TreeEntry

#: 100 pages of 1,000: no folder that holds a pin or a workflow is larger.
_MOST_PAGES = 100

_KINDS = {
    "100644": FileKind.FILE,
    "100755": FileKind.FILE,
    "100664": FileKind.FILE,
    "120000": FileKind.SYMLINK,
    "160000": FileKind.SUBMODULE,
    "040000": FileKind.DIRECTORY,
}

#: An object's name in Git, SHA-1 or SHA-256.
Sha = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]


class Row(msgspec.Struct):
    """One entry of a listing, as the forge gives it."""

    path: str
    mode: str
    sha: Sha
    size: int | None = None

    def entry(self, path: str) -> TreeEntry:
        """The same as the model's entry at the full ``path``."""
        kind = _KINDS.get(self.mode)
        if kind is None:
            raise BadAnswer(f"unknown mode {self.mode[:10]!r} at {path!r} in a tree")
        return TreeEntry(path, kind, self.sha, self.size if kind is FileKind.FILE else None)


class Listing(msgspec.Struct):
    """One page of a tree listing, as the forge gives it."""

    sha: Sha
    #: No default: an answer without it is no listing, and must not read as an empty tree.
    tree: list[Row] | None
    truncated: bool = False


class TreeReader:
    """Finds paths, and proves absence: a truncated listing is finished folder by folder."""

    def __init__(self, page_of: Callable[[str, int], Awaitable[Listing]]) -> None:
        self._page_of = page_of
        self._folders: dict[str, dict[str, Row]] = {}

    async def resolve(self, first: Listing, paths: Sequence[str]) -> dict[str, TreeEntry]:
        """The entries at ``paths``, from the first page of a recursive listing on."""
        wanted = set(paths)
        found = {row.path: row.entry(row.path) for row in first.tree or () if row.path in wanted}
        if first.truncated:
            for path in sorted(wanted - found.keys()):
                entry = await self._walk(first.sha, path)
                if entry is not None:
                    found[path] = entry
        return found

    async def folder(self, sha: str) -> tuple[TreeEntry, ...]:
        """Everything directly in one folder."""
        return tuple(row.entry(path) for path, row in (await self._folder(sha)).items())

    async def _walk(self, root: str, path: str) -> TreeEntry | None:
        sha = root
        parts = path.split("/")
        for depth, part in enumerate(parts):
            row = (await self._folder(sha)).get(part)
            if row is None:
                return None
            if depth == len(parts) - 1:
                return row.entry(path)
            if row.entry(path).kind is not FileKind.DIRECTORY:
                return None
            sha = row.sha
        return None

    async def _folder(self, sha: str) -> dict[str, Row]:
        if sha not in self._folders:
            rows: dict[str, Row] = {}
            for page in range(1, _MOST_PAGES + 1):
                listing = await self._page_of(sha, page)
                before = len(rows)
                rows |= {row.path: row for row in listing.tree or ()}
                if not listing.truncated:
                    break
                if len(rows) == before:
                    raise BadAnswer(f"the pages of tree {sha} have no end")
            else:
                raise BadAnswer(f"tree {sha} has more than {_MOST_PAGES} pages")
            self._folders[sha] = rows
        return self._folders[sha]
