"""Carrying out the safe edits of findings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from tailrace.lint.finding import Edit, Finding


def fixed(texts: Mapping[str, str], findings: Iterable[Finding]) -> dict[str, str]:
    """The new texts of the files that change. Of two edits that overlap the first is done."""
    by_path: dict[str, list[Edit]] = {}
    for finding in findings:
        if finding.edits and finding.path in texts:
            by_path.setdefault(finding.path, []).extend(finding.edits)
    return {path: _edited(texts[path], edits) for path, edits in sorted(by_path.items())}


def _edited(text: str, edits: Iterable[Edit]) -> str:
    done = len(text) + 1
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end), reverse=True):
        if edit.end <= done:
            text = text[: edit.start] + edit.text + text[edit.end :]
            done = edit.start
    return text


def diff_lines(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """What ``--fix`` would change, as a unified diff."""
    for path, text in after.items():
        yield from (
            line.rstrip("\n")
            for line in difflib.unified_diff(
                before[path].splitlines(keepends=True),
                text.splitlines(keepends=True),
                f"a/{path}",
                f"b/{path}",
            )
        )
