"""CX001: lists of one fleet that disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tailrace.lint.finding import Finding, at
from tailrace.lint.node import Node, Position, Scalar, Sequence, mappings, scalars, texts
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import span_in
from tailrace.lint.tree import Tree
from tailrace.lint.workflow import Workflow

_SHOWN = 5


@dataclass(frozen=True)
class _List:
    """A workflow's list: where it stands, and its names."""

    path: str
    node: Node
    names: frozenset[str]


def _short(names: tuple[str, ...] | list[str]) -> frozenset[str]:
    """As `tailrace drift` compares them: without ``-default``."""
    return frozenset(name.removesuffix("-default") for name in names)


def _lists(workflow: Workflow, variable: str) -> Iterator[_List]:
    """The forms that `fleet.workflow` reads: a value, a sequence, an assignment in a script."""
    values: set[int] = set()
    for mapping in mappings(workflow.root):
        for entry in mapping.entries:
            if entry.key.value != variable:
                continue
            values.add(id(entry.value))
            if isinstance(entry.value, Scalar) and "${{" not in entry.value.value:
                yield _List(workflow.path, entry.key, _short(entry.value.value.split()))
            elif isinstance(entry.value, Sequence):
                names = [item.value for item in texts(entry.value)]
                yield _List(workflow.path, entry.key, _short(names))
    assignment = re.compile(
        rf"""^[ \t]*(?:export[ \t]+)?{re.escape(variable)}=(["'])(.*?)\1""",
        re.MULTILINE | re.DOTALL,
    )
    for scalar in scalars(workflow.root):
        for match in assignment.finditer(scalar.value) if id(scalar) not in values else ():
            text = match.group(2).replace("\\\n", " ")
            # What a variable gives is not known here.
            if "$" not in text:
                place = Scalar(text, *span_in(workflow, scalar, match.start()))
                yield _List(workflow.path, place, _short(text.split()))


def _check(tree: Tree) -> Iterator[Finding]:
    variable = tree.settings.workflow_list
    found = [one for workflow in tree.active() for one in _lists(workflow, variable)]
    others: list[tuple[str, frozenset[str]]] = []
    if tree.manifest is not None:
        others.append(("the manifest", _short(tree.manifest)))
    # A fleet of one is a downstream that is looked at alone (`lint --fleet`): it has no list.
    if tree.fleet is not None and len(tree.fleet.downstreams) > 1:
        others.append(("the fleet", _short([one.name for one in tree.fleet.downstreams])))
    if found and not others:
        others.append((f"the list in {found[0].path}", found[0].names))
    for one in found:
        for what, names in others:
            if one.names != names:
                said = f"{variable} and {what} disagree: {_difference(one.names, names)}"
                yield at("CX001", one.path, one.node, said, f"make {variable} of the same source")
                break
    if len(others) == 2 and others[0][1] != others[1][1] and tree.fleet is not None:
        said = f"the manifest and the fleet disagree: {_difference(others[0][1], others[1][1])}"
        step = "name the manifest in [fleet], so that there is one list"
        yield Finding("CX001", tree.fleet.source, Position(1, 1), Position(1, 2), said, step)


def _difference(here: frozenset[str], there: frozenset[str]) -> str:
    parts = [("only the first has", here - there), ("only the second has", there - here)]
    return "; ".join(f"{what} {_shown(names)}" for what, names in parts if names)


def _shown(names: frozenset[str]) -> str:
    shown = ", ".join(ascii(name[:60]) for name in sorted(names)[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def _example(
    names: str, manifest: tuple[str, ...] | None = ("go", "python"), fleet: str = ""
) -> Example:
    text = (
        f'name: publish\non: [push]\nenv:\n  TEMPLATES: "{names}"\njobs:\n  a:\n    name: a\n'
        "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
    )
    rows = "".join(f'[[downstream]]\nname = "{one}"\nrepo = "{one}"\n' for one in fleet.split())
    head = 'package = "x"\n[forge]\nurl = "https://git.example.com"\nowner = "o"\n'
    return Example(
        {".gitea/workflows/publish.yml": text},
        manifest=manifest,
        fleet=head + rows if fleet else None,
    )


RULE = Rule(
    id="CX001",
    title="Lists of one fleet disagree",
    rationale="A release goes to one list and is checked against another: who is missing from one "
    "of them stays behind, and everything is green.",
    source="the incident behind `tailrace drift`; [lint] workflow-list says the variable's name",
    holds=lambda target: True,
    holds_for="every target; the manifest with --manifest, the fleet where there is a fleet file",
    check=_check,
    bad=(
        _example("go rust"),
        _example("go", None, "go-default python-default"),
        Example(
            {
                **_example("go").files,
                ".gitea/workflows/b.yml": "name: b\non: [push]\njobs:\n  a:\n    name: a\n"
                "    runs-on: ubuntu-latest\n    steps:\n      - run: TEMPLATES='go rust'\n",
            }
        ),
    ),
    good=(
        _example("python go"),
        _example("go python", ("go-default", "python-default"), "go python"),
        _example("go", None),
    ),
)
