"""SARIF 2.1.0 (OASIS): what code scanning takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tailrace import __version__
from tailrace.lint.engine import Linted
from tailrace.lint.finding import Finding, Severity
from tailrace.lint.rule import Rule

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(linted: Linted, rules: Sequence[Rule]) -> dict[str, Any]:
    """A log with one run; suppressed findings are in it, as suppressed in the source."""
    results = [_result(finding) for finding in linted.findings]
    for finding, by in linted.suppressed:
        suppressed = {"kind": "inSource", "justification": by.reason}
        results.append({**_result(finding), "suppressions": [suppressed]})
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tailrace",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {
                                "level": "note",
                                "associatedRule": {"id": one.rule},
                                "message": {"text": f"{one.rule} was not checked: {one.reason}"},
                            }
                            for one in linted.not_checked
                        ],
                    }
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.rationale},
        "help": {"text": f"Holds for: {rule.holds_for}. Source: {rule.source}"},
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "none")},
    }


def _result(finding: Finding) -> dict[str, Any]:
    region = {
        "startLine": finding.start.line,
        "startColumn": finding.start.column,
        "endLine": finding.end.line,
        "endColumn": finding.end.column,
    }
    return {
        "ruleId": finding.rule,
        "level": _LEVELS.get(finding.severity, "none"),
        "message": {"text": f"{finding.message}. Next: {finding.step}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.path)},
                    "region": region,
                }
            }
        ],
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    # Bytes of a name that are no UTF-8 as they stand in it.
    return quote(path.encode("utf-8", "surrogateescape"))
