"""GT004: what another repository of the forge has, and a runner may not be able to read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree
from tailrace.settings import Severity

_OTHER = re.compile(r"[^\s/.:@][^\s/:@]*/[^\s/:@]+/\.(?P<forge>gitea|forgejo|github)/[^\s@]+@\S+")


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        for job in workflow.jobs:
            if job.uses is not None and _OTHER.fullmatch(job.uses.value):
                yield at(
                    "GT004",
                    workflow.path,
                    job.uses,
                    f"{tree.target} takes this from a repository of its own, and only a public one",
                    "copy the file into this repository, and use ./.gitea/workflows/FILE",
                )
    for document, step in tree.all_steps():
        found = None if step.uses is None else _OTHER.fullmatch(step.uses.value)
        # An action below .github/ may well be GitHub's, where actions come from by default.
        if step.uses is not None and found is not None and found["forge"] != "github":
            yield at(
                "GT004",
                document.path,
                step.uses,
                f"{tree.target} takes this from its default host for actions, without a token",
                "copy the action into this repository and use ./PATH, or write its whole URL",
            )


def _example(job: str, target: str = "gitea@1.22.6") -> Example:
    text = f"name: CI\non: [push]\njobs:\n  a:\n    name: a\n{job}"
    return Example({".gitea/workflows/ci.yml": text}, target=target)


_SHA = "0123456789abcdef0123456789abcdef01234567"
_WORKFLOW = f"    uses: org/private/.gitea/workflows/build.yml@{_SHA}\n"
_STEP = "    runs-on: ubuntu-latest\n    steps:\n      - uses: "

RULE = Rule(
    id="GT004",
    title="Something of another repository that the target may not resolve",
    rationale="Where that repository is private, the run ends with 'repository not found'; from "
    "1.26 on its owner can allow it. Whether owner/repo@ref alone is private is not decidable "
    "here, so it is not judged.",
    source="go-gitea/gitea#37705 (public works, private: repository not found) and #32562 (private "
    "ones, in 1.26); docs.gitea.com/1.22, usage/actions/comparison: Downloading actions; "
    "forgejo.org/docs, user/actions/reference: jobs.<job_id>.uses, `must be a public repository`",
    holds=lambda target: target.is_gitea(before="1.26"),
    holds_for="Gitea before 1.26, Forgejo",
    check=_check,
    severity=Severity.WARNING,
    bad=(_example(_WORKFLOW), _example(f"{_STEP}org/private/.gitea/actions/setup@{_SHA}\n")),
    good=(
        _example("    uses: ./.gitea/workflows/build.yml\n"),
        _example(_WORKFLOW, "gitea@1.26"),
        _example(f"{_STEP}https://git.example.com/org/setup/.gitea/x@{_SHA}\n"),
    ),
)
