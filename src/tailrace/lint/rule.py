"""A rule: one small module with its reason, its source, its examples and its check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tailrace.lint.facts import Facts
from tailrace.lint.finding import Finding, Severity
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree
from tailrace.settings import LintSettings


class Need(StrEnum):
    """What a rule cannot be applied without."""

    NOTHING = "nothing"
    PROTECTION = "the branch protection, from the forge"
    STATUSES = "the statuses of commits, from the forge"
    ISSUES = "issues, from the forge"
    DIFF = "a base to compare with (--diff BASE)"
    LABELS = "[lint] runner-labels of a fleet file"


@dataclass(frozen=True, slots=True)
class Example:
    """A repository in which a rule finds something, or does not."""

    #: Path and content.
    files: Mapping[str, str]
    target: str = "gitea@1.22.6"
    settings: LintSettings = field(default_factory=LintSettings)
    facts: Facts | None = None
    #: The text of a tailrace.toml.
    fleet: str | None = None
    manifest: tuple[str, ...] | None = None
    #: The workflows before the change.
    before: Mapping[str, str] | None = None
    #: Lines that the change adds: path and text, numbered from 1 as they come.
    added: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule's module has as ``RULE``."""

    id: str
    title: str
    #: Why it matters, in a sentence or two.
    rationale: str
    #: Where the fact is from: documentation, an issue, the contract.
    source: str
    #: For which targets it holds.
    holds: Callable[[Target], bool]
    #: In words, for the documentation.
    holds_for: str
    check: Callable[[Tree], Iterable[Finding]]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    severity: Severity = Severity.ERROR
    need: Need = Need.NOTHING
    #: A second thing that it cannot be applied without.
    also: Need = Need.NOTHING

    @property
    def needs(self) -> tuple[Need, ...]:
        """All that it cannot be applied without."""
        return tuple(need for need in (self.need, self.also) if need is not Need.NOTHING)

    @property
    def family(self) -> str:
        """The letters of its id."""
        return self.id.rstrip("0123456789")
