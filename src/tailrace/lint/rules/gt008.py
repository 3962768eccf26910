"""GT008: labels that no runner has."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Mapping, texts
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree
from tailrace.model import ForgeKind
from tailrace.settings import LintSettings


def _check(tree: Tree) -> Iterator[Finding]:
    # Registered as LABEL:SCHEMA://IMAGE; jobs name the label alone.
    known = {label.partition(":")[0] for label in tree.settings.runner_labels}
    # GitHub's labels are the same in any case.
    fold = str.casefold if tree.target.kind is ForgeKind.GITHUB else str
    folded = {fold(label) for label in known}
    for workflow in tree.active():
        for job in workflow.jobs:
            runs_on = job.runs_on
            labels = texts(runs_on.get("labels") if isinstance(runs_on, Mapping) else runs_on)
            for label in labels:
                # What an expression gives is not known here.
                if "${{" in label.value or fold(label.value) in folded:
                    continue
                close = difflib.get_close_matches(label.value, known, n=1)
                meant = close[0] if close else ", ".join(sorted(known))[:100]
                yield at(
                    "GT008",
                    workflow.path,
                    label,
                    f"no runner has the label {label.value[:60]!a}: the job waits for ever",
                    f"runs-on: {meant}; or add it to [lint] runner-labels",
                )


_KNOWN = LintSettings(runner_labels=("arm64:docker://debian", "linux"))


def _example(runs_on: str, settings: LintSettings = _KNOWN) -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            f"    runs-on: {runs_on}\n    steps:\n      - run: make\n"
        },
        settings=settings,
    )


RULE = Rule(
    id="GT008",
    title="A runner label that nobody registered",
    rationale="The job waits for a runner that never comes; a required check then blocks for ever.",
    source="docs.gitea.com, usage/actions/act-runner: Labels; the fleet file, [lint] runner-labels",
    holds=lambda target: True,
    holds_for="every target, where [lint] runner-labels names the labels",
    check=_check,
    need=Need.LABELS,
    bad=(_example("arm64-pilot"), _example("[linux, arm]")),
    good=(
        _example("[linux, arm64]"),
        _example("${{ matrix.label }}"),
        _example("arm64-pilot", LintSettings()),
    ),
)
