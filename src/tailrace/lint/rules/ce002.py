"""CE002: a tracking issue that is closed, missing or too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tailrace.lint.facts import Facts, IssueState
from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tracking import softened, tracked
from tailrace.lint.tree import Tree


def _check(tree: Tree) -> Iterator[Finding]:
    issues = tree.facts.issues if tree.facts else {}
    oldest = tree.today - timedelta(days=tree.settings.tracking_days)
    for document, entry in softened(tree):
        for number in tracked(document, entry):
            issue = issues.get(number)
            if issue is None:
                fact = f"#{number} is not there"
            elif not issue.is_open:
                fact = f"#{number} is closed"
            elif issue.created_at.date() < oldest:
                fact = f"#{number} is open for more than {tree.settings.tracking_days} days"
            else:
                continue
            yield at(
                "CE002",
                document.path,
                entry.key,
                f"the issue that tracks this continue-on-error: {fact}",
                "take continue-on-error away, or track it anew",
            )


_FILE = ".gitea/workflows/ci.yml"
_TEXT = (
    "name: CI\non:\n  push: {}\njobs:\n  test:\n    name: test\n    runs-on: ubuntu-latest\n"
    "    steps:\n      - run: make\n        continue-on-error: true # tracked: #7\n"
)


def _facts(*, is_open: bool, year: int = 2026) -> Facts:
    issue = IssueState(7, is_open, datetime(year, 1, 1, tzinfo=UTC))
    return Facts("main", issues={7: issue}, issues_read=True)


RULE = Rule(
    id="CE002",
    title="the issue that tracks continue-on-error is closed, missing or too old",
    rationale="The reason is gone and the exception stays.",
    source="the catalogue; forge contract: issues are read by number",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    need=Need.ISSUES,
    bad=(
        Example({_FILE: _TEXT}, facts=_facts(is_open=False)),
        Example({_FILE: _TEXT}, facts=_facts(is_open=True, year=2024)),
        Example({_FILE: _TEXT}, facts=Facts("main", issues_read=True)),
    ),
    good=(
        Example({_FILE: _TEXT}, facts=_facts(is_open=True)),
        Example({_FILE: _TEXT}),
    ),
)
