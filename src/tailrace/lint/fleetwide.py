"""The workflows of every downstream, read through the forge, no clone; each blob once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tailrace.atonce import each_at_once
from tailrace.forges.base import BadAnswer, Forge, ForgeError
from tailrace.lint.engine import Linted, lint
from tailrace.lint.node import MOST_BYTES
from tailrace.lint.rule import Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree, is_workflow, read_files
from tailrace.model import (
    WORKFLOW_FOLDERS,
    Downstream,
    Failure,
    FileKind,
    RepositoryName,
    TreeEntry,
    TreeView,
)
from tailrace.runs import Step, Watch, ignore
from tailrace.settings import Fleet, LintSettings

#: Nobody has as many folders in a folder of workflows.
_MOST_FOLDERS = 50


@dataclass(frozen=True, slots=True)
class LintedDownstream:
    """One downstream's findings, or why it could not be read."""

    downstream: Downstream
    linted: Linted | Failure
    #: The texts that the findings point into, by path.
    texts: Mapping[str, str]


class Blobs:
    """Contents by blob SHA: six hundred equal workflows are fetched once."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._known: dict[str, bytes] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def read(self, name: RepositoryName, sha: str) -> bytes:
        """The blob's bytes. Raises `ForgeError`."""
        async with self._locks.setdefault(sha, asyncio.Lock()):
            if sha not in self._known:
                self._known[sha] = await self._forge.blob(name, sha, MOST_BYTES)
            return self._known[sha]


async def lint_fleet(
    fleet: Fleet,
    forge: Forge,
    target: Target,
    settings: LintSettings,
    rules: Sequence[Rule],
    today: date,
    watch: Watch = ignore,
) -> tuple[LintedDownstream, ...]:
    """Every downstream's workflows, judged. Never raises for a downstream that cannot be read."""
    blobs = Blobs(forge)

    async def one(downstream: Downstream) -> LintedDownstream:
        watch(downstream, Step.OBSERVING, "")
        try:
            files, present = await _files(forge, blobs, downstream)
        except ForgeError as error:
            return LintedDownstream(downstream, error.failure(), {})
        found = read_files(files)
        tree = Tree(
            target=target,
            workflows=found.workflows,
            actions=found.actions,
            broken=found.broken,
            settings=settings,
            fleet=replace(fleet, downstreams=(downstream,)),
            present=present,
            today=today,
        )
        watch(downstream, Step.DONE, "")
        texts = {document.path: document.text for document in found.workflows}
        return LintedDownstream(downstream, lint(tree, rules), texts)

    return await each_at_once(fleet.downstreams, one, fleet.forge.concurrency)


async def workflow_entries(
    forge: Forge, view: TreeView
) -> tuple[dict[str, TreeEntry], frozenset[str]]:
    """The workflows in and below all folders that any forge looks at, and those folders.

    ``view`` must have been asked for `WORKFLOW_FOLDERS`. Raises `ForgeError`.
    """
    found: dict[str, TreeEntry] = {}
    there = {
        folder: view.entries[folder].sha
        for folder in WORKFLOW_FOLDERS
        if folder in view.entries and view.entries[folder].kind is FileKind.DIRECTORY
    }
    pending = list(there.items())
    looked = 0
    while pending:
        folder, sha = pending.pop()
        looked += 1
        if looked > _MOST_FOLDERS:
            raise BadAnswer(
                f"{view.repository}: more than {_MOST_FOLDERS} folders of workflows"
                "\n  next: clone it, and run tailrace lint there"
            )
        for entry in await forge.folder(view.repository, sha):
            path = f"{folder}/{entry.path}"
            if entry.kind is FileKind.DIRECTORY:
                pending.append((path, entry.sha))
            elif entry.kind is not FileKind.SUBMODULE and is_workflow(path):
                found[path] = entry
    return found, frozenset(there)


async def _files(
    forge: Forge, blobs: Blobs, downstream: Downstream
) -> tuple[dict[str, bytes], frozenset[str]]:
    view = await forge.tree(downstream.repository, downstream.branch, WORKFLOW_FOLDERS)
    entries, there = await workflow_entries(forge, view)
    found: dict[str, bytes] = {}
    for path, entry in entries.items():
        if entry.size is not None and entry.size > MOST_BYTES:
            # So many bytes that the reader says what is wrong with them.
            found[path] = bytes(MOST_BYTES + 1)
        else:
            # Of a link, what a forge reads is the name that it leads to.
            found[path] = await blobs.read(view.repository, entry.sha)
    return found, there
