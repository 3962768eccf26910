"""Whether a consumer that is there would do anything: read with lint's readers, by its rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tailrace.forges.base import Forge
from tailrace.lint.engine import lint
from tailrace.lint.fleetwide import Blobs, workflow_entries
from tailrace.lint.rules.cx002 import RULE as CONSUMES
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree, read_files
from tailrace.model import WORKFLOW_FOLDERS, Downstream, FileKind, TreeView
from tailrace.settings import Fleet


class Consumers:
    """Judges the consumers of one fleet; equal ones are fetched once."""

    def __init__(self, fleet: Fleet, forge: Forge, target: Target, today: date) -> None:
        self._fleet = fleet
        self._forge = forge
        self._target = target
        self._today = today
        self._blobs = Blobs(forge)

    async def why_inert(self, downstream: Downstream, view: TreeView) -> str | None:
        """Why no build would come of a write here, and the next step; None where one would.

        ``view`` must have been asked for `WORKFLOW_FOLDERS` besides the consumers. Raises
        `ForgeError`.
        """
        paths = view.consumers(downstream)
        # A link's target, or a folder of somebody's own choice, is not seen from here.
        if any(view.entries[path].kind is not FileKind.FILE for path in paths) or not all(
            _folder(path) in WORKFLOW_FOLDERS for path in paths
        ):
            return None
        listed, there = await workflow_entries(self._forge, view)
        tree = Tree(
            target=self._target,
            workflows=(),
            present=there,
            settings=self._fleet.lint,
            fleet=replace(self._fleet, downstreams=(downstream,)),
            today=self._today,
        )
        alive = [path for path in paths if tree.reads(path)]
        if not alive:
            read = tree.read_folder
            instead = f"reads {read}" if read else "has no such folder"
            return (
                f"{paths[0]} is never run: {self._target.kind} {instead}"
                "\n  next: move it to the folder that is read"
            )
        files = {path: await self._blobs.read(view.repository, listed[path].sha) for path in alive}
        found = read_files(files)
        for broken in found.broken:
            return f"{broken.path}:{broken.error.at.line}: {broken.error.fact}\n  next: mend it"
        for finding in lint(replace(tree, workflows=found.workflows), (CONSUMES,)).findings:
            if finding.rule == CONSUMES.id:
                place = f"{finding.path}:{finding.start.line}"
                return f"{place}: {finding.message}\n  next: {finding.step}"
        return None


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
