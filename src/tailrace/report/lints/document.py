"""For machines: versioned JSON."""

from __future__ import annotations

from typing import Any

from tailrace.lint.engine import Linted
from tailrace.lint.finding import Finding


def of_linted(linted: Linted, exit_code: int) -> dict[str, Any]:
    """One tree's findings, suppressions, and what was not checked."""
    return {
        "schema": "tailrace/lint/1",
        "target": linted.target,
        "files": linted.files,
        "exit_code": exit_code,
        "findings": [of_finding(finding) for finding in linted.findings],
        "suppressed": [
            {**of_finding(finding), "because": by.reason} for finding, by in linted.suppressed
        ],
        "not_checked": [{"rule": one.rule, "reason": one.reason} for one in linted.not_checked],
    }


def of_finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        # A lone surrogate is no text that every reader of JSON takes.
        "path": finding.path.encode("utf-8", "backslashreplace").decode(),
        "line": finding.start.line,
        "column": finding.start.column,
        "end_line": finding.end.line,
        "end_column": finding.end.column,
        "message": finding.message,
        "next": finding.step,
        "fixable": bool(finding.edits),
    }
