"""PA001: a change where none may be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from tailrace.lint.finding import Finding
from tailrace.lint.node import Position
from tailrace.lint.rule import Example, Need, Rule
from tailrace.lint.tree import Tree
from tailrace.settings import LintSettings


def _check(tree: Tree) -> Iterator[Finding]:
    for path in tree.touched or ():
        for glob, reason in tree.settings.forbidden_paths.items():
            if _compiled(glob).fullmatch(path):
                yield Finding(
                    "PA001",
                    path,
                    Position(1, 1),
                    Position(1, 2),
                    f"the change touches {glob!a}: {' '.join(reason.split())}",
                    "take this file out of the change",
                )
                break


@lru_cache(maxsize=256)
def _compiled(glob: str) -> Any:
    # RE2: a glob with many stars must not take for ever.
    import re2

    if glob.endswith("/"):
        glob += "**"
    parts = []
    at = 0
    while at < len(glob):
        for mark, pattern in (("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
            if glob.startswith(mark, at):
                parts.append(pattern)
                at += len(mark)
                break
        else:
            parts.append(re2.escape(glob[at]))
            at += 1
    return re2.compile("(?s)" + "".join(parts))


_SETTINGS = LintSettings(forbidden_paths={"marketing/**": "sold by hand, ask the shop"})
_FILES = {
    ".gitea/workflows/ci.yml": "name: CI\non: [push]\njobs:\n  a:\n    name: a\n"
    "    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
}

RULE = Rule(
    id="PA001",
    title="The change touches a forbidden path",
    rationale="Some folders are written by other means; a change there is lost, or harmful.",
    source="the fleet file, [lint.forbidden_paths]; globs as in gitignore's documentation",
    holds=lambda target: True,
    holds_for="every target, where [lint.forbidden_paths] names any",
    check=_check,
    bad=(Example(_FILES, settings=_SETTINGS, added=(("marketing/de/a.md", "x"),)),),
    good=(
        Example(_FILES, settings=_SETTINGS, added=(("src/marketing.py", "x"),)),
        Example(_FILES, settings=_SETTINGS, added=(("docs/marketing/a.md", "x"),)),
    ),
    need=Need.DIFF,
)
