"""GT009: hashFiles, which is empty."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tailrace.lint.expressions import expressions
from tailrace.lint.finding import Finding
from tailrace.lint.node import Mapping, Scalar, mappings, scalars
from tailrace.lint.rule import Example, Rule
from tailrace.lint.scripts import in_value
from tailrace.lint.target import Target
from tailrace.lint.tree import Tree
from tailrace.model import ForgeKind

#: A text in an expression; a quote in it is doubled.
_TEXT = re.compile(r"'[^']*'")
_CALL = re.compile(r"\bhashFiles\s*\(", re.IGNORECASE)


def _calls(scalar: Scalar, *, bare: bool) -> Iterator[int]:
    """Where a value calls it; ``if:`` is an expression without the braces as well."""
    value = scalar.value
    spans = [(0, len(value))] if bare else list(expressions(value))
    for begin, end in spans:
        code = _TEXT.sub(lambda match: " " * len(match.group()), value[begin:end])
        for match in _CALL.finditer(code):
            yield begin + match.start()


def _conditions(root: Mapping) -> set[int]:
    found = (mapping.get("if") for mapping in mappings(root))
    return {id(node) for node in found if isinstance(node, Scalar)}


def _check(tree: Tree) -> Iterator[Finding]:
    for document in (*tree.active(), *tree.actions):
        conditions = _conditions(document.root)
        for scalar in scalars(document.root):
            for offset in _calls(scalar, bare=id(scalar) in conditions):
                yield in_value(
                    "GT009",
                    document,
                    scalar,
                    offset,
                    f"hashFiles is empty on {tree.target}: every state has the same key",
                    "hash in a step, or with the action go-hashfiles, and use its output",
                )


def _holds(target: Target) -> bool:
    return target.kind is ForgeKind.GITEA and target.is_gitea(before="1.23")


def _example(value: str, target: str = "gitea@1.22.6") -> Example:
    return Example(
        {
            ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
            "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
            f"        env:\n          KEY: {value}\n"
        },
        target=target,
    )


_CACHED = "deps-${{ hashFiles('uv.lock') }}"

RULE = Rule(
    id="GT009",
    title="hashFiles is empty on the target",
    rationale="A cache whose key never changes serves yesterday's files for ever.",
    source="docs.gitea.com/1.22, usage/actions/comparison: hashFiles expression (also /1.20, "
    "/1.21; gone from /1.25)",
    holds=_holds,
    holds_for="Gitea before 1.23",
    check=_check,
    bad=(_example(_CACHED),),
    good=(_example(_CACHED, "gitea@1.23"), _example("deps-${{ steps.hash.outputs.hash }}")),
)
