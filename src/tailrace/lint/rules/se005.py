"""SE005: docker, on whatever runner comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Mapping, Scalar, scalars
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import Run, in_value, labels, runs
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Job, Workflow
from tailrace.settings import LintSettings

_COMMAND = re.compile(
    r"(?:^|[\n;&|({`]|\$\(|\b(?:then|do|else|if|while|until|time|sudo|exec|timeout\s+\S+|!)\s)"
    r"[ \t]*(?:\w+=\S{0,200}[ \t]+){0,5}(?:/[\w./-]{0,200}/)?"
    r"(?P<tool>docker|docker-compose|podman|buildah|buildx|nerdctl)"
    r"(?![\w.-])"
)
_ACTION = re.compile(
    r"(?:^|/)docker/(?:build-push|setup-buildx|setup-qemu|setup-docker|bake|login|scout)-action@"
)
_PINNED = re.compile(r"(?:unix:///|tcp://[\w.\[\]:-]+:[0-9]+/?$|ssh://\w|npipe:)[^$]*")
_EXPORT = re.compile(r"(?<![\w-])DOCKER_HOST=(?P<value>\S*)")


def _check(tree: Tree) -> Iterator[Finding]:
    scripts: dict[int, list[Run]] = {}
    for run in runs(tree):
        scripts.setdefault(id(run.job), []).append(run)
    for workflow in tree.active():
        for job in workflow.jobs:
            own = scripts.get(id(job), [])
            touched = _touched(job, own)
            if touched is None:
                continue
            wanted = tree.settings.docker_labels
            has = labels(job)
            known = not any("${{" in label for label in has)
            if wanted and known and not set(has) & set(wanted):
                yield at(
                    "SE005",
                    workflow.path,
                    job.node.text("runs-on") or job.id,
                    f"the job {job.id.value[:60]!a} uses {touched} on a runner that is not for it",
                    f"runs-on: one of {', '.join(wanted)}"[:200],
                )
            yield from _hosts(workflow, job, own)


def _touched(job: Job, own: list[Run]) -> str | None:
    for run in own:
        found = _COMMAND.search(run.script.code)
        if found is not None:
            return found["tool"]
    for step in job.steps:
        if step.uses is not None and _ACTION.search(step.uses.value):
            return "docker"
    for part in (job.node.get("container"), job.node.get("services"), job.node.get("steps")):
        if part is not None and any("docker.sock" in one.value for one in scalars(part)):
            return "docker.sock"
    return None


def _hosts(workflow: Workflow, job: Job, own: list[Run]) -> Iterator[Finding]:
    message, step = (
        "DOCKER_HOST is not pinned here: who sets the value chooses the daemon",
        "write the address itself, such as unix:///var/run/docker.sock",
    )
    for level in (workflow.env, job.node.mapping("env"), *(one.env for one in job.steps)):
        value = level.text("DOCKER_HOST") if isinstance(level, Mapping) else None
        if isinstance(value, Scalar) and not _PINNED.fullmatch(value.value.strip()):
            yield at("SE005", workflow.path, value, message, step)
    for run in own:
        for match in _EXPORT.finditer(run.script.text):
            plain = match["value"].strip("'\"")
            if run.script.expanded[match.start()] == "D" and not _PINNED.fullmatch(plain):
                where = match.start()
                yield in_value("SE005", workflow, run.scalar, where, message, step)


def _example(runs_on: str, step: str, labels: tuple[str, ...] = ("docker",)) -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            f"    runs-on: {runs_on}\n    steps:\n      - run: {step}\n"
        },
        settings=LintSettings(docker_labels=labels),
    )


_HOST = "docker build .\n        env:\n          DOCKER_HOST: "

RULE = Rule(
    id="SE005",
    title="Docker without the labels or the host that are meant for it",
    rationale="Who reaches a docker daemon is root on its host; only runners that are meant for "
    "that may take the job.",
    source="docs.docker.com, Docker daemon attack surface; docs.gitea.com, act_runner: labels and "
    "container.docker_host",
    holds=lambda target: True,
    holds_for="every target; labels only where [lint] docker_labels says which",
    check=_check,
    bad=(
        _example("ubuntu-latest", "docker build ."),
        _example("[self-hosted, docker]", f"{_HOST}${{{{ vars.BUILDER }}}}"),
    ),
    good=(
        _example("[self-hosted, docker]", f"{_HOST}unix:///var/run/docker.sock"),
        _example("ubuntu-latest", "docker build .", ()),
        _example("ubuntu-latest", "echo docker build ."),
    ),
)
