"""GT012: files that the forge drops, with a line in its own log."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Mapping, Node, Position, Scalar, Sequence, is_null, mappings
from tailrace.lint.rule import Example, Rule
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree, is_workflow
from tailrace.lint.workflow import Workflow
from tailrace.model import ForgeKind

#: What YAML takes for a number, a truth or nothing.
_NO_TEXT = re.compile(r"|~|null|true|false|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", re.IGNORECASE)
_LAST = "go on from the example in docs.gitea.com, usage/actions/quickstart"


def _check(tree: Tree) -> Iterator[Finding]:
    for broken in tree.broken:
        # What stands in another folder is not read anyway: see GT006.
        if is_workflow(broken.path) and not tree.reads(broken.path):
            continue
        start = broken.error.at
        yield Finding(
            "GT012",
            broken.path,
            start,
            Position(start.line, start.column + 1),
            f"this file {broken.error.fact}: {_consequence(tree.target)}",
            "mend it here: nothing of it runs until it is read",
        )
    for workflow in tree.active():
        lacking = next(_lacking(workflow, tree.target), None)
        if lacking is not None:
            yield at("GT012", workflow.path, *lacking)
        for mapping in mappings(workflow.root):
            for entry in mapping.duplicates():
                message = f"the key {entry.key.value[:60]!a} stands twice: readers disagree on it"
                step = "keep one; a Gitea refuses the whole file, others take the last"
                yield at("GT012", workflow.path, entry.key, message, step)


def _consequence(target: Target) -> str:
    if target.kind is ForgeKind.GITHUB:
        return "GitHub starts none of its jobs"
    if target.kind is ForgeKind.GITEA and not target.is_gitea(before="1.26"):
        return "no job starts, and only the Actions page says so"
    return "the forge drops it without a word"


def _lacking(workflow: Workflow, target: Target) -> Iterator[tuple[Node, str, str]]:
    root = workflow.root
    top: Node = root.entries[0].key if root.entries else root
    on, jobs = root.entry("on"), root.entry("jobs")
    if all(is_null(event.name) for event in workflow.events):
        yield (top if on is None else on.key), "this workflow has no event in `on`", _LAST
    if jobs is None or not isinstance(jobs.value, Mapping) or not jobs.value.entries:
        yield (top if jobs is None else jobs.key), "this workflow has no `jobs`", _LAST
        return
    for entry in jobs.value.entries:
        job = entry.value
        steps = job.get("steps") if isinstance(job, Mapping) else None
        if isinstance(steps, Sequence) and steps.items:
            continue
        if not isinstance(job, Mapping) or job.text("uses") is None:
            message = f"the job {entry.key.value[:60]!a} has neither steps nor `uses`"
            yield entry.key, message, "give it steps, or take it away"
    if target.kind is ForgeKind.GITEA and target.is_gitea(before="1.23"):
        yield from _unread_events(workflow)
    yield from _strange_needs(workflow, jobs.value)
    yield from _blank_beginnings(workflow, target)


def _unread_events(workflow: Workflow) -> Iterator[tuple[Node, str, str]]:
    """Filters of events that are neither text nor a list of texts."""
    # A workflow that is only called is read by the runner, which takes them.
    if all(event.name.value == "workflow_call" for event in workflow.events):
        return
    for event in workflow.events:
        for entry in event.filters.entries if event.filters is not None else ():
            value, what = entry.value, f"`{event.name.value[:30]}: {entry.key.value[:30]}`"
            message = f"{what} is more than the forge reads in `on`: it drops the file"
            if isinstance(value, Mapping):
                # Those of workflow_dispatch are GT001's.
                if event.name.value != "workflow_dispatch":
                    yield entry.key, message, "give the other events a file of their own"
                continue
            for item in value.items if isinstance(value, Sequence) else (value,):
                if isinstance(item, Scalar) and _is_no_text(item):
                    node = item if item.value else entry.key
                    message = f"{what} has no text here, and the forge drops the file"
                    yield node, message, "quote it, as in '2.1', or take it away"


def _is_no_text(scalar: Scalar) -> bool:
    plain = not scalar.is_quoted and not scalar.is_block
    return plain and _NO_TEXT.fullmatch(scalar.value) is not None


def _strange_needs(workflow: Workflow, jobs: Mapping) -> Iterator[tuple[Node, str, str]]:
    ids = {entry.key.value.casefold() for entry in jobs.entries}
    for job in workflow.jobs:
        for need in job.needs:
            if need.value.casefold() not in ids and "${{" not in need.value:
                names = f"{job.id.value[:60]!a} needs {need.value[:60]!a}"
                message = f"the job {names}, which is no job of this file"
                yield need, message, "name one: the forge refuses the file, or does not wait for it"


def _blank_beginnings(workflow: Workflow, target: Target) -> Iterator[tuple[Node, str, str]]:
    if not target.is_gitea(before="1.27"):
        return
    for _, step in workflow.steps():
        script = step.run
        if isinstance(script, Scalar) and script.is_block and script.value[:1] == "\n":
            message = "a script begins with an empty line, which the forge cannot write out again"
            yield script, message, "take the empty line after `run: |` away"


_HEAD = "name: CI\non: [push]\njobs:\n  a:\n    name: a\n    runs-on: ubuntu-latest\n"
_STEPS = "    steps:\n      - run: make\n"


def _example(text: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example({f"{folder}/workflows/ci.yml": text}, target=target)


_TYPO = f"{_HEAD}{_STEPS}  b:\n    name: b\n    needs: [a, c]\n    runs-on: x\n{_STEPS}"
_NUMBER = f"{_HEAD}{_STEPS}".replace("[push]", "\n  push:\n    branches: [main, 2.1]")
_CALLED = f"{_HEAD}{_STEPS}".replace(
    "[push]", "\n  push: {}\n  workflow_call:\n    inputs:\n      x: {type: string}"
)
_BLANK = f"{_HEAD}    steps:\n      - run: |\n\n          make\n"

RULE = Rule(
    id="GT012",
    title="A file that the forge drops without a word",
    rationale="The check is gone, nothing is red, and only the server's log says why.",
    source="go-gitea/gitea#23275 (ignore invalid workflow, in the log only), #37116 (the Actions "
    "page says it, from 1.26), #32364 (nothing on a pull request, still open), #37115 (an empty "
    "line after `run: |`; 1.27 tests that it is written out again, modules/actions/jobparser); "
    "`on`: #30351 and act v0.259.1 (that of 1.22.6), pkg/jobparser/model.go, ParseRawOn; needs: "
    "Gitea's jobparser/validate.go (needs unknown job), before it job_emitter.go, which passes "
    "over such a name; duplicate keys: yaml.org, 1.2.2, 3.2.1.3, and go-yaml's 'mapping key "
    "already defined'",
    holds=lambda target: True,
    holds_for="every target (the empty line: Gitea before 1.27, Forgejo; filters in `on` that are "
    "no text: Gitea before 1.23)",
    check=_check,
    bad=(
        _example(f"{_HEAD}{_STEPS}      - run: echo a: b\n"),
        _example("- a\n", "github"),
        _example(f"name: CI\n{_HEAD.partition('on: [push]')[2][1:]}{_STEPS}"),
        _example("name: CI\non: [push]\n"),
        _example(_HEAD),
        _example(f"{_HEAD}{_STEPS}    name: b\n"),
        _example(_BLANK),
        _example(_NUMBER),
        _example(_CALLED),
        _example(_TYPO),
        _example(_TYPO, "github"),
    ),
    good=(
        _example(f"{_HEAD}{_STEPS}"),
        _example(_TYPO.replace(", c", ", A")),
        _example(_BLANK, "github"),
        _example(_BLANK, "gitea@1.27"),
        _example(_NUMBER, "gitea@1.23"),
        _example(_NUMBER.replace("2.1", "'2.1'")),
        _example(_CALLED, "gitea@1.23"),
        _example(_CALLED.replace("  push: {}\n", "")),
    ),
)
