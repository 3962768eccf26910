"""Everything that rules may look at: the files, the target, the settings, the forge's facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from tailrace.lint.facts import Facts
from tailrace.lint.gitleaks import SecretRules
from tailrace.lint.node import Unreadable
from tailrace.lint.target import FOLDERS, Target
from tailrace.lint.workflow import (
    Action,
    Document,
    Step,
    Workflow,
    read_action,
    read_workflow,
)
from tailrace.settings import Fleet, LintSettings


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
    #: The workflows as they were before the change; None as above.
    before: tuple[Workflow, ...] | None = None
    #: The paths that a change touches; None as above.
    touched: tuple[str, ...] | None = None
    #: Rules and allow lists of a .gitleaks.toml; None where there is none.
    secrets: SecretRules | None = None
    #: Folders for workflows that are there, also those with other files only.
    present: frozenset[str] = frozenset()
    today: date = date(2026, 1, 1)

    @cached_property
    def read_folder(self) -> str | None:
        """The one folder that the target reads: the first that is there, whatever is in it."""
        paths = [one.path for one in self.workflows] + [one.path for one in self.broken]
        there = {*self.present, *map(workflows_folder, paths)}
        return next((folder for folder in self.target.folders if folder in there), None)

    def reads(self, path: str) -> bool:
        """Whether the target takes the file at this path for a workflow."""
        folder = self.read_folder
        # A Gitea lists the folder with all below it, GitHub only what stands in it.
        nested = path.count("/") > 2
        return workflows_folder(path) == folder and not (nested and not self.target.is_gitea())

    def active(self) -> Iterator[Workflow]:
        """The workflows that the target reads."""
        return (workflow for workflow in self.workflows if self.reads(workflow.path))

    def all_steps(self) -> Iterator[tuple[Document, Step]]:
        """The steps of every workflow that the target reads, and of every composite action."""
        for workflow in self.active():
            for _, step in workflow.steps():
                yield workflow, step
        for action in self.actions:
            for step in action.steps:
                yield action, step


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a repository that rules look at."""

    workflows: tuple[Workflow, ...]
    actions: tuple[Action, ...]
    broken: tuple[Broken, ...]


def read_files(files: Mapping[str, bytes]) -> Files:
    """The workflows and actions among ``files`` (path and content), and those that are neither."""
    workflows: list[Workflow] = []
    actions: list[Action] = []
    broken: list[Broken] = []
    for path, data in sorted(files.items()):
        try:
            if is_workflow(path):
                workflows.append(read_workflow(path, data))
            elif is_action(path):
                actions.append(read_action(path, data))
        except Unreadable as error:
            broken.append(Broken(path, error))
    return Files(tuple(workflows), tuple(actions), tuple(broken))


def is_workflow(path: str) -> bool:
    """Whether a forge would look at this path for a workflow."""
    return workflows_folder(path) is not None and path.endswith((".yml", ".yaml"))


def workflows_folder(path: str) -> str | None:
    """The folder for workflows that a path stands in, or below."""
    folder = "/".join(path.split("/")[:2])
    return folder if folder in _FOLDERS and path != folder else None


def is_action(path: str) -> bool:
    """Whether this is where an action is described."""
    return path.rpartition("/")[2] in ("action.yml", "action.yaml")


_FOLDERS = frozenset(folder for every in FOLDERS.values() for folder in every)
