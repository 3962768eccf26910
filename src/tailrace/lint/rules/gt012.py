"""GT012: files that the forge drops, with a line in its own log."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Mapping, Node, Position, Scalar, Sequence, is_null, mappings
from tailrace.lint.rule import Example, Rule
from tailrace.lint.tree import Tree, is_workflow
from tailrace.lint.workflow import Workflow

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
            f"this file {broken.error.fact}: the forge drops it without a word",
            "mend it here; a forge shows nothing but a line in its server's log",
        )
    for workflow in tree.active():
        lacking = next(_lacking(workflow, is_gitea=tree.target.is_gitea()), None)
        if lacking is not None:
            yield at("GT012", workflow.path, *lacking)
        for mapping in mappings(workflow.root):
            for entry in mapping.duplicates():
                message = f"the key {entry.key.value[:60]!a} stands twice: readers disagree on it"
                step = "keep one; a Gitea refuses the whole file, others take the last"
                yield at("GT012", workflow.path, entry.key, message, step)


def _lacking(workflow: Workflow, *, is_gitea: bool) -> Iterator[tuple[Node, str, str]]:
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
    for _, step in workflow.steps():
        script = step.run
        if is_gitea and isinstance(script, Scalar) and script.is_block and script.value[:1] == "\n":
            message = "a script begins with an empty line, which the forge cannot write out again"
            yield script, message, "take the empty line after `run: |` away"


_HEAD = "name: CI\non: [push]\njobs:\n  a:\n    name: a\n    runs-on: ubuntu-latest\n"
_STEPS = "    steps:\n      - run: make\n"


def _example(text: str, target: str = "gitea@1.22.6") -> Example:
    folder = ".github" if target == "github" else ".gitea"
    return Example({f"{folder}/workflows/ci.yml": text}, target=target)


_BLANK = f"{_HEAD}    steps:\n      - run: |\n\n          make\n"

RULE = Rule(
    id="GT012",
    title="A file that the forge drops without a word",
    rationale="The check is gone, nothing is red, and only the server's log says why.",
    source="go-gitea/gitea#23275 (ignore invalid workflow, in the log only), #32364 (nothing on a "
    "pull request, still open), #37115 (an empty line after `run: |`); duplicate keys: yaml.org, "
    "1.2.2, 3.2.1.3, and go-yaml's 'mapping key already defined'",
    holds=lambda target: True,
    holds_for="every target (the empty line: Gitea, Forgejo)",
    check=_check,
    bad=(
        _example(f"{_HEAD}{_STEPS}      - run: echo a: b\n"),
        _example("- a\n", "github"),
        _example(f"name: CI\n{_HEAD.partition('on: [push]')[2][1:]}{_STEPS}"),
        _example("name: CI\non: [push]\n"),
        _example(_HEAD),
        _example(f"{_HEAD}{_STEPS}    name: b\n"),
        _example(_BLANK),
    ),
    good=(_example(f"{_HEAD}{_STEPS}"), _example(_BLANK, "github")),
)
