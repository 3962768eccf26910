"""CX002: a consumer that does not consume."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.globs import ignored, included
from tailrace.lint.node import Entry, Mapping, scalars, texts
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Workflow
from tailrace.model import Downstream, PinFormat, RepositoryName

_USUAL = Downstream("", RepositoryName("", ""))
#: What a default branch may be called, where nobody said.
_BRANCHES = ("main", "master", "trunk", "develop")
#: Scripts and tools of the repository: what they read is not seen here.
_OWN = re.compile(
    r"(?:^|[\s;&|(\"'])(?:\./|(?:make|just|task|tox|nox|npm|invoke)\b|(?:bash|sh|source|python3?|"
    r"node)\s+[\w./-]*[/.]\w|[\w.-]+/[\w./-]*\.(?:sh|py))",
    re.MULTILINE,
)


def _downstreams(tree: Tree, workflow: Workflow) -> tuple[Downstream, ...]:
    """Whose consumer it may be."""
    every = (_USUAL,) if tree.fleet is None else tree.fleet.downstreams
    return tuple(one for one in every if one.consumer == workflow.file_name)


def _check(tree: Tree) -> Iterator[Finding]:
    default = tree.facts.default_branch if tree.facts is not None else ""
    for workflow in tree.active():
        mine = _downstreams(tree, workflow)
        if not mine:
            continue
        pins = tuple(dict.fromkeys(path for one in mine for path in one.pin_paths))
        jobs = workflow.root.entry("jobs")
        if jobs is not None and _is_text(mine) and not _reads(workflow, jobs, pins):
            message = f"the consumer never reads the pin {pins[0][:80]!a}"
            step = "read it in a step, and build with it: tailrace init --consumer shows one"
            yield at("CX002", workflow.path, jobs.key, message, step)
        usual = (default,) if default else _BRANCHES
        names = [name for one in mine for name in ((one.branch,) if one.branch else usual)]
        yield from _triggers(workflow, tuple(dict.fromkeys(names)), mine)


def _is_text(mine: tuple[Downstream, ...]) -> bool:
    # Other formats have readers of their own, such as pip.
    return all(pin.format is PinFormat.TEXT for one in mine for pin in one.pins)


def _reads(workflow: Workflow, jobs: Entry, pins: tuple[str, ...]) -> bool:
    for _, step in workflow.steps():
        if step.uses is not None and step.uses.value.startswith("./"):
            return True
        if step.run is not None and _OWN.search(step.run.value):
            return True
    nodes = [jobs.value, workflow.env] if workflow.env is not None else [jobs.value]
    values = [scalar.value for node in nodes for scalar in scalars(node)]
    called = any(job.uses is not None for job in workflow.jobs)
    return called or any(pin.rpartition("/")[2] in value for pin in pins for value in values)


def _triggers(
    workflow: Workflow, branches: tuple[str, ...], mine: tuple[Downstream, ...]
) -> Iterator[Finding]:
    push, on = workflow.event("push"), workflow.root.entry("on")
    if on is None or not workflow.events:
        return
    if push is None:
        message = "the consumer does not start on a push, which is what a cascade makes"
        step = "on: push of the branch that the cascade writes to"
        yield at("CX002", workflow.path, on.key, message, step)
    filters = push.filters if push is not None else None
    if filters is None:
        return
    stops = _stop(filters, "branches", branches) or _only_tags(filters)
    if stops is not None:
        message = f"`{stops.key.value}` leaves out the branch that a cascade writes to"
        step = f"let it through: branches: [{branches[0]}]"
        yield at("CX002", workflow.path, stops.key, message, step)
    found = [_stop(filters, "paths", one.pin_paths) for one in mine]
    if found[0] is not None and None not in found:
        message = f"`{found[0].key.value}` leaves out the pin, the only file a cascade writes"
        step = f"let {mine[0].pin_paths[0][:80]} through, or take the filter away"
        yield at("CX002", workflow.path, found[0].key, message, step)


def _stop(filters: Mapping, key: str, values: tuple[str, ...]) -> Entry | None:
    """The filter that stops a push with these values."""
    only, but = filters.entry(key), filters.entry(f"{key}-ignore")
    if only is not None:
        patterns = [scalar.value for scalar in texts(only.value)]
        if patterns and not included(patterns, values):
            return only
    if but is not None and ignored([scalar.value for scalar in texts(but.value)], values):
        return but
    return None


def _only_tags(filters: Mapping) -> Entry | None:
    if any(filters.entry(key) for key in ("branches", "branches-ignore")):
        return None
    return filters.entry("tags") or filters.entry("tags-ignore")


_READ = 'docker build --build-arg V="$(cat .runtime-version)" .'


def _example(on: str = "[push]", run: str = _READ, name: str = "publish-image.yml") -> Example:
    return Example(
        {
            f".gitea/workflows/{name}": f"name: publish-image\non: {on}\njobs:\n  a:\n    name: a\n"
            f"    runs-on: ubuntu-latest\n    steps:\n      - run: {run}\n"
        }
    )


def _push(filters: str) -> Example:
    return _example(f"\n  push:\n    {filters}")


RULE = Rule(
    id="CX002",
    title="A consumer does not read the pin, or does not start on it",
    rationale="The cascade writes the version and converges; the image is never built, or built "
    "with another version.",
    source="docs.github.com, Workflow syntax: on.push.branches, paths, and the filter pattern cheat"
    " sheet; the contract of a consumer: tailrace init --consumer",
    holds=lambda target: True,
    holds_for="every target; the consumers of the fleet file, without one publish-image.yml. Where "
    "a script of the repository, or a pin that is no text, is read, only the triggers are judged",
    check=_check,
    bad=(
        _example(run="docker build ."),
        _example("[pull_request]"),
        _push("paths-ignore: ['.*']"),
        _push("branches: [release/**]"),
    ),
    good=(
        _example(),
        _push("branches: [main]\n    paths-ignore: ['docs/**']"),
        _push("paths: ['**', '!docs/**']"),
        _example(run="docker build .", name="build.yml"),
    ),
)
