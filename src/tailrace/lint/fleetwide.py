"""The workflows of every downstream, read through the forge, no clone; each blob once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tailrace.atonce import each_at_once
from tailrace.forges.base import Forge, ForgeError
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
            files = await _files(forge, blobs, downstream)
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
            today=today,
        )
        watch(downstream, Step.DONE, "")
        texts = {document.path: document.text for document in found.workflows}
        return LintedDownstream(downstream, lint(tree, rules), texts)

    return await each_at_once(fleet.downstreams, one, fleet.forge.concurrency)


async def workflow_entries(forge: Forge, view: TreeView) -> dict[str, TreeEntry]:
    """The workflows in all folders that any forge looks at, by path.

    ``view`` must have been asked for `WORKFLOW_FOLDERS`. Raises `ForgeError`.
    """
    found: dict[str, TreeEntry] = {}
    for folder in WORKFLOW_FOLDERS:
        listed = view.entries.get(folder)
        if listed is None or listed.kind is not FileKind.DIRECTORY:
            continue
        for entry in await forge.folder(view.repository, listed.sha):
            path = f"{folder}/{entry.path}"
            if entry.kind is FileKind.FILE and is_workflow(path):
                found[path] = entry
    return found


async def _files(forge: Forge, blobs: Blobs, downstream: Downstream) -> dict[str, bytes]:
    view = await forge.tree(downstream.repository, downstream.branch, WORKFLOW_FOLDERS)
    entries = await workflow_entries(forge, view)
    return {
        path: await blobs.read(view.repository, entry.sha)
        for path, entry in entries.items()
        if entry.size is None or entry.size <= MOST_BYTES
    }
