"""RC005: an aggregator that misses jobs."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.aggregator import aggregators, reached
from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        for job in aggregators(workflow):
            known = reached(workflow, job)
            missing = [
                other.id.value
                for other in workflow.jobs
                if other.id.value != job.id.value and other.id.value not in known
            ]
            entry = job.node.entry("needs")
            if missing and entry is not None:
                yield at(
                    "RC005",
                    workflow.path,
                    entry.key,
                    f"{job.id.value} stands for all, and does not need {', '.join(missing)}",
                    "name every job of the workflow in `needs`",
                )


_FILE = ".gitea/workflows/ci.yml"
_JOB = "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
_ALL = (
    "  all-green:\n    name: all-green\n    needs: [NEEDS]\n    if: always()\n"
    "    runs-on: ubuntu-latest\n    steps:\n"
    "      - env:\n          RESULTS: ${{ toJSON(needs) }}\n"
    '        run: python3 -c \'import json, os, sys; sys.exit(any(x["result"] != "success" for'
    ' x in json.loads(os.environ["RESULTS"]).values()))\'\n'
)
_TEXT = (
    "name: CI\non:\n  pull_request: {}\njobs:\n"
    f"  test:\n    name: test\n{_JOB}  lint:\n    name: lint\n{_JOB}{_ALL}"
)

RULE = Rule(
    id="RC005",
    title="an aggregator misses jobs",
    rationale="It is the one context that is required: what it does not need may be red.",
    source="docs.github.com, Using jobs in a workflow: `needs` is all that a job waits for",
    holds=lambda target: True,
    holds_for="all targets",
    check=_check,
    bad=(Example({_FILE: _TEXT.replace("NEEDS", "test")}),),
    good=(
        Example({_FILE: _TEXT.replace("NEEDS", "test, lint")}),
        Example({_FILE: _TEXT.split("  all-green", maxsplit=1)[0]}),
    ),
)
