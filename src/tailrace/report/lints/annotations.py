"""Workflow commands: annotations beside the lines, where the forge shows them (GitHub)."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace.lint.engine import Linted
from tailrace.lint.finding import Severity
from tailrace.report.escape import for_workflow_message, for_workflow_property

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def lint_annotations(linted: Linted) -> Iterator[str]:
    """One line for each finding."""
    for finding in linted.findings:
        where = {
            "file": finding.path,
            "line": str(finding.start.line),
            "col": str(finding.start.column),
            "title": finding.rule,
        }
        said = ",".join(f"{key}={for_workflow_property(value)}" for key, value in where.items())
        text = for_workflow_message(f"{finding.message}; next: {finding.step}")
        yield f"::{_COMMANDS[finding.severity]} {said}::{text}"
