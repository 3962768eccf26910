"""Everything that rules may look at: the files, the target, the settings, the forge's facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from tailrace.lint.facts import Facts
from tailrace.lint.node import Unreadable
from tailrace.lint.settings import LintSettings
from tailrace.lint.target import FOLDERS, Target
from tailrace.lint.workflow import (
    Action,
    Workflow,
    read_workflow,
)
from tailrace.model import Fleet


@dataclass(frozen=True, slots=True)
class Broken:
    """A file where workflows stand that is none."""

    path: str
    error: Unreadable


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A line that a change adds."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Tree:
    """One repository's files, as they are or as a change leaves them."""

    target: Target
    workflows: tuple[Workflow, ...]
    broken: tuple[Broken, ...] = ()
    #: Composite actions of the repository itself.
    actions: tuple[Action, ...] = ()
    settings: LintSettings = field(default_factory=LintSettings)
    #: What the forge says; None where it was not asked.
    facts: Facts | None = None
    #: The fleet that this repository publishes for; None where there is no fleet file.
    fleet: Fleet | None = None
    #: Names of the list in a manifest; None where none was named.
    manifest: tuple[str, ...] | None = None
    #: The lines that a change adds; None where no base was named (`--diff BASE`).
    added: tuple[AddedLine, ...] | None = None
    #: The paths that a change touches; None as above.
    touched: tuple[str, ...] | None = None
    today: date = date(2026, 1, 1)

    def active(self) -> Iterator[Workflow]:
        """The workflows that the target reads: those of its first folder that has any."""
        for folder in self.target.folders:
            found = [workflow for workflow in self.workflows if workflow.folder == folder]
            if found or any(broken.path.startswith(f"{folder}/") for broken in self.broken):
                yield from found
                return


def read_tree(
    target: Target, files: Mapping[str, bytes]
) -> tuple[tuple[Workflow, ...], tuple[Broken, ...]]:
    """The workflows among ``files`` (path and content), and those that cannot be read."""
    good: list[Workflow] = []
    bad: list[Broken] = []
    folders = {folder for every in FOLDERS.values() for folder in every}
    for path, data in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if folder not in folders or not name.endswith((".yml", ".yaml")):
            continue
        try:
            good.append(read_workflow(path, data))
        except Unreadable as error:
            bad.append(Broken(path, error))
    return tuple(good), tuple(bad)
