"""GT005: actions that ask the environment where the forge is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Job, Step, Workflow
from tailrace.settings import Severity

#: Actions that clone from, or call, what GITHUB_SERVER_URL says.
_RELY = re.compile(
    r"(?:^|/)(?P<name>actions/(?:checkout|create-release|first-interaction|github-script|labeler"
    r"|stale|upload-release-asset)|dorny/paths-filter|ncipollo/release-action"
    r"|peter-evans/create-pull-request|softprops/action-gh-release|tj-actions/changed-files)@"
)
_INPUTS = ("github-server-url", "github-api-url", "github_api_url", "base-url", "server-url")
#: What says only what it is told.
_NOT_PINNED = re.compile(r"\s*|.*\b(github|gitea|forgejo)\.(server|api)_url\b.*", re.DOTALL)


def _check(tree: Tree) -> Iterator[Finding]:
    for workflow in tree.active():
        for job, step in workflow.steps():
            found = None if step.uses is None else _RELY.search(step.uses.value)
            if step.uses is not None and found is not None and not _is_pinned(workflow, job, step):
                yield at(
                    "GT005",
                    workflow.path,
                    step.uses,
                    f"{found['name']} takes the forge's address from the runner",
                    "with: github-server-url, or GITHUB_SERVER_URL in the env of this step",
                )


def _is_pinned(workflow: Workflow, job: Job, step: Step) -> bool:
    levels = (workflow.env, job.node.mapping("env"), step.env)
    said = [level.text("GITHUB_SERVER_URL") for level in levels if level is not None]
    said += [step.inputs.text(name) for name in _INPUTS] if step.inputs is not None else []
    return any(one is not None and not _NOT_PINNED.fullmatch(one.value) for one in said)


_USES = "actions/checkout@0123456789abcdef0123456789abcdef01234567 # v4"
_ENV = "env:\n  GITHUB_SERVER_URL: https://git.example.com\n"


def _example(top: str = "", step: str = "", target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": f"name: CI\non: [push]\n{top}jobs:\n  a:\n    name: a\n"
            f"    runs-on: ubuntu-latest\n    steps:\n      - uses: {_USES}\n{step}"
        },
        target=target,
    )


RULE = Rule(
    id="GT005",
    title="GITHUB_SERVER_URL is not pinned where an action relies on it",
    rationale="The runner says the address at which it was registered: an inner name, or one "
    "without the sub-path. The action then clones from nowhere, or from GitHub. The step's "
    "own value is the surest: act writes the runner's over that of the workflow and the job.",
    source="go-gitea/gitea#26721 and #33629; actions/checkout#1242; its action.yml: "
    "github-server-url; act pkg/runner/step.go: mergeEnv, then setupEnv with the step's env last",
    holds=lambda target: target.is_gitea(),
    holds_for="Gitea, Forgejo",
    check=_check,
    severity=Severity.WARNING,
    bad=(
        _example(),
        _example(step="        with:\n          github-server-url: ${{ github.server_url }}\n"),
    ),
    good=(
        _example(_ENV),
        _example(step="        with:\n          github-server-url: https://git.example.com\n"),
        _example(target="github"),
    ),
)
