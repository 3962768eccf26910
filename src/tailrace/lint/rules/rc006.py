"""RC006: an aggregator that passes on skip or cancel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.aggregator import aggregators, looks_at_results
from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree

_ALWAYS = re.compile(r"always\(\)|!\s*cancelled\(\)")


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        for job in aggregators(workflow):
            condition = job.condition
            if condition is None or not _ALWAYS.search(condition.value):
                yield at(
                    "RC006",
                    workflow.path,
                    job.id,
                    f"{job.id.value} is skipped where a job it needs fails, and skipped passes",
                    "give it `if: always()`, and let it look at `needs.*.result`",
                )
            elif not looks_at_results(job):
                yield at(
                    "RC006",
                    workflow.path,
                    job.id,
                    f"{job.id.value} runs always, and does not look at how the others ended",
                    "let it fail unless every `needs.*.result` is success",
                )


_FILE = ".gitea/workflows/ci.yml"
_JOB = "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
_LOOKS = (
    "      - env:\n          FAILED: ${{ contains(needs.*.result, 'failure') }}\n"
    "          CANCELLED: ${{ contains(needs.*.result, 'cancelled') }}\n"
    "          SKIPPED: ${{ contains(needs.*.result, 'skipped') }}\n"
    '        run: test "$FAILED$CANCELLED$SKIPPED" = falsefalsefalse\n'
)
_HEAD = (
    "name: CI\non:\n  pull_request: {}\njobs:\n"
    f"  test:\n    name: test\n{_JOB}  lint:\n    name: lint\n{_JOB}"
    "  all-green:\n    name: all-green\n    needs: [test, lint]\n"
)
_TAIL = "    runs-on: ubuntu-latest\n    steps:\n"

RULE = Rule(
    id="RC006",
    title="an aggregator passes where a job was skipped or cancelled",
    rationale="Without `if: always()` it is skipped when a job fails, and skipped counts as good.",
    source="go-gitea/gitea#34507: skipped showed as success;"
    " docs.github.com, Troubleshooting required status checks",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    bad=(
        Example({_FILE: f"{_HEAD}{_TAIL}      - run: 'true'\n"}),
        Example({_FILE: f"{_HEAD}    if: always()\n{_TAIL}      - run: 'true'\n"}),
    ),
    good=(
        Example({_FILE: f"{_HEAD}    if: always()\n{_TAIL}{_LOOKS}"}),
        Example({_FILE: f"{_HEAD}    if: ${{{{ !cancelled() }}}}\n{_TAIL}{_LOOKS}"}),
    ),
)
