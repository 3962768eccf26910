"""CE001: continue-on-error without a tracking reference."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, Severity, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tracking import names_an_issue, softened, tracked
from tailrace.lint.tree import Tree


def _check(tree: Tree) -> Iterator[Finding]:
    for document, entry in softened(tree):
        if not tracked(document, entry) and not names_an_issue(document, entry):
            yield at(
                "CE001",
                document.path,
                entry.key,
                "continue-on-error turns red into green, and nothing says until when",
                "track it: `continue-on-error: true # tracked: #123`",
            )


_FILE = ".gitea/workflows/ci.yml"
_TEXT = (
    "name: CI\non:\n  push: {}\njobs:\n  test:\n    name: test\n    runs-on: ubuntu-latest\n"
    "    steps:\n      - run: make\n        continue-on-error: true\n"
)

RULE = Rule(
    id="CE001",
    title="continue-on-error without a tracking reference",
    rationale="What was meant for a week stays for years, and the check checks nothing.",
    source="docs.github.com, Workflow syntax: continue-on-error lets a job pass when it fails",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    severity=Severity.WARNING,
    bad=(Example({_FILE: _TEXT}),),
    good=(
        Example({_FILE: _TEXT.replace("true\n", "true # tracked: #123\n")}),
        Example({_FILE: _TEXT.replace("error: true", "error: false")}),
        # An upstream's issue says until when as well; CE002 cannot ask another forge.
        Example({_FILE: _TEXT.replace("true\n", "true # https://github.com/a/b/issues/7\n")}),
        Example(
            {_FILE: _TEXT.replace("        continue", "        # tracked: #1\n        continue")}
        ),
    ),
)
