"""One whole lint of a folder: the only file that knows reading, facts, rules and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tailrace.forges.base import Forge
from tailrace.lint.engine import Linted, lint
from tailrace.lint.facts import Facts
from tailrace.lint.gather import gather
from tailrace.lint.gitleaks import SecretRules, read_gitleaks
from tailrace.lint.local import Change, folders_there, read_change, read_folder, read_start
from tailrace.lint.others import run_others
from tailrace.lint.rules import all_rules
from tailrace.lint.target import Target
from tailrace.lint.tracking import softened, tracked
from tailrace.lint.tree import Tree, read_files
from tailrace.model import RepositoryName
from tailrace.settings import Fleet, LintSettings


@dataclass(frozen=True, slots=True)
class Job:
    """What is linted, and what with."""

    root: Path
    target: Target
    settings: LintSettings
    today: date
    fleet: Fleet | None = None
    manifest: tuple[str, ...] | None = None
    #: The commit that a change is compared with.
    base: str | None = None
    #: Other linters by name.
    others: tuple[str, ...] = ()
    #: Whom to ask for facts, and of which repository.
    forge: Forge | None = None
    repository: RepositoryName | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and the texts that it points into."""

    linted: Linted
    texts: Mapping[str, str]
    #: What must not be shown of them, besides what is known anyway.
    secrets: SecretRules | None = None


async def run(job: Job) -> Outcome:
    """Lint the files below ``job.root``. Raises `ConfigurationError`; of the forge, nothing."""
    tree = _tree(job)
    if job.forge is not None and job.repository is not None:
        tree = replace(tree, facts=await _facts(job.forge, job.repository, tree))
    linted = lint(tree, all_rules(), await run_others(tree, job.others))
    documents = (*tree.workflows, *tree.actions)
    texts = {document.path: document.text for document in documents}
    return Outcome(linted, texts, tree.secrets)


def _tree(job: Job) -> Tree:
    files = read_files(read_folder(job.root))
    change: Change | None = None if job.base is None else read_change(job.root, job.base)
    return Tree(
        target=job.target,
        workflows=files.workflows,
        actions=files.actions,
        broken=files.broken,
        settings=job.settings,
        fleet=job.fleet,
        manifest=job.manifest,
        added=None if change is None else change.added,
        touched=None if change is None else change.touched,
        before=None if change is None else read_files(change.before).workflows,
        secrets=_secrets(job.root),
        present=folders_there(job.root),
        today=job.today,
    )


def _secrets(root: Path) -> SecretRules | None:
    """The rules and allow lists of a `.gitleaks.toml`, if there is one."""
    file = root / ".gitleaks.toml"
    return read_gitleaks(read_start(file)) if file.is_file() else None


async def _facts(forge: Forge, repository: RepositoryName, tree: Tree) -> Facts:
    issues = {number for document, entry in softened(tree) for number in tracked(document, entry)}
    return await gather(forge, repository, issues=issues, commits=tree.settings.green_runs)
