"""Carrying out the safe edits of findings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from tailrace.lint.credentials import masked
from tailrace.lint.finding import Edit, Finding
from tailrace.lint.gitleaks import SecretRules
from tailrace.lint.node import Unreadable, parse


def fixed(texts: Mapping[str, str], findings: Iterable[Finding]) -> dict[str, str]:
    """The new texts of the files that change. Of two edits that overlap the first is done."""
    by_path: dict[str, list[Edit]] = {}
    for finding in findings:
        if finding.edits and finding.path in texts:
            by_path.setdefault(finding.path, []).extend(finding.edits)
    after = {path: _edited(texts[path], edits) for path, edits in sorted(by_path.items())}
    return {path: text for path, text in after.items() if _is_read(text)}


def _edited(text: str, edits: Iterable[Edit]) -> str:
    done = len(text) + 1
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end), reverse=True):
        if edit.end <= done:
            text = text[: edit.start] + edit.text + text[edit.end :]
            done = edit.start
    return text


def _is_read(text: str) -> bool:
    """Whether it is YAML still: an edit that is wrong here must not reach the file."""
    try:
        return parse(text.encode()) is not None
    except Unreadable:
        return False


def diff_lines(
    before: Mapping[str, str], after: Mapping[str, str], known: SecretRules | None = None
) -> Iterator[str]:
    """What ``--fix`` would change, as a unified diff; no credential of its lines is shown."""
    for path, text in after.items():
        old, new = _lines(before[path], path, known), _lines(text, path, known)
        yield from difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")


def _lines(text: str, path: str, known: SecretRules | None) -> list[str]:
    # Only what ends lines for an editor ends them here; a form feed in a script does not.
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [masked(line.rstrip("\r"), path, known) for line in lines]
