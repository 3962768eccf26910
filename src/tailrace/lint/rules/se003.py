"""SE003: actions and images by a name that can be moved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.credentials import masked
from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Mapping, Node, Scalar
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Job

_COMMIT = re.compile(r"[^@]+@(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})")
_DIGEST = re.compile(r"@sha256:[0-9a-fA-F]{64}$")


def _check(tree: Tree) -> Iterator[Finding]:
    for document, step in tree.all_steps():
        yield from _uses(document.path, step.uses)
    for workflow in tree.active():
        for job in workflow.jobs:
            yield from _uses(workflow.path, job.uses)
            for what, image in _images(job):
                yield from _image(workflow.path, what, image, image.value)
    for action in tree.actions:
        runs = action.root.mapping("runs")
        scalar = runs.text("image") if runs is not None else None
        if scalar is not None and scalar.value.startswith("docker://"):
            name = scalar.value.removeprefix("docker://")
            yield from _image(action.path, "the action's image", scalar, name)


def _uses(path: str, scalar: Scalar | None) -> Iterator[Finding]:
    value = scalar.value.strip() if scalar is not None else ""
    # A local action is of the commit that runs.
    if scalar is None or not value or value.startswith("./"):
        return
    if value.startswith("docker://"):
        yield from _image(path, "the step's image", scalar, value.removeprefix("docker://"))
    elif not _COMMIT.fullmatch(value):
        whose = "an action by its address" if "://" in value else "an action"
        whose = "a reusable workflow" if re.search(r"\.ya?ml(?:@|$)", value) else whose
        yield at(
            "SE003",
            path,
            scalar,
            f"{whose} that is not pinned: {masked(value)[:100]!a} can be moved to other code",
            "name the full commit behind the @, and the version in a comment",
        )


def _images(job: Job) -> Iterator[tuple[str, Scalar]]:
    container = _named(job.node.get("container"))
    if container is not None:
        yield "the job's container", container
    services = job.node.mapping("services")
    for entry in services.entries if services is not None else ():
        image = _named(entry.value)
        if image is not None:
            yield f"the service {entry.key.value[:60]!a}", image


def _named(node: Node | None) -> Scalar | None:
    return node.text("image") if isinstance(node, Mapping) else _scalar(node)


def _scalar(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) else None


def _image(path: str, what: str, scalar: Scalar, image: str) -> Iterator[Finding]:
    # What an expression gives is not known here.
    if image.strip() and "${{" not in image and not _DIGEST.search(image.strip()):
        yield at(
            "SE003",
            path,
            scalar,
            f"{what} is not pinned: {masked(image)[:100]!a} can be moved to another image",
            "name the digest: IMAGE:TAG@sha256:...",
        )


def _example(job: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example(
        {
            f"{folder}/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            f"    runs-on: ubuntu-latest\n{job}"
        },
        target=target,
    )


_SHA = "0123456789abcdef0123456789abcdef01234567"
_DOCKER = f"docker://alpine:3@sha256:{'0' * 64}"
_STEPS = "    steps:\n      - run: make\n"

RULE = Rule(
    id="SE003",
    title="An action or image is not pinned by digest",
    rationale="Who can move the tag or the branch runs code with this job's secrets; that has "
    "happened to widely used actions.",
    source="docs.github.com, Secure use reference: pinning to a full-length commit SHA; "
    "docs.zizmor.sh, unpinned-uses and unpinned-images",
    holds=lambda target: True,
    holds_for="every target",
    check=_check,
    bad=(
        _example("    steps:\n      - uses: actions/setup-python@v5\n", "github"),
        _example("    steps:\n      - uses: docker://alpine:3\n"),
        _example(f"    container:\n      image: alpine:3\n{_STEPS}"),
        _example(f"    services:\n      db:\n        image: postgres\n{_STEPS}"),
    ),
    good=(
        _example(f"    steps:\n      - uses: actions/setup-python@{_SHA} # v5\n", "github"),
        _example(f"    steps:\n      - uses: {_DOCKER}\n      - uses: ./.ci/build\n"),
        _example(f"    container: alpine@sha256:{'0' * 64}\n{_STEPS}"),
    ),
)
