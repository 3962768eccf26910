"""For people: the place, the fact, the line with a caret below it, the next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tailrace.lint.engine import Linted
from tailrace.lint.finding import Finding, Severity
from tailrace.report.escape import for_terminal
from tailrace.report.words import some

_MOST = 76


def lint_lines(linted: Linted, texts: Mapping[str, str]) -> Iterator[str]:
    """Every finding, then what was not checked, then how many there are."""
    for finding in linted.findings:
        yield from finding_lines(finding, texts.get(finding.path, ""))
    for reason, rules in _by_reason(linted).items():
        yield f"not checked: {', '.join(rules)}"
        yield f"    {for_terminal(reason, 200)}"
    yield headline(linted)


def finding_lines(finding: Finding, text: str) -> Iterator[str]:
    """One finding with its excerpt."""
    start = finding.start
    place = f"{for_terminal(finding.path, 120)}:{start.line}:{start.column}"
    yield f"{place}: {finding.severity} {finding.rule}"
    yield f"    {for_terminal(finding.message, 200)}"
    lines = text.split("\n")
    if start.line <= len(lines) and lines[start.line - 1].strip():
        yield from _excerpt(lines[start.line - 1], finding)
    yield f"    next: {for_terminal(finding.step, 200)}"


def _excerpt(line: str, finding: Finding) -> Iterator[str]:
    number = f"{finding.start.line:>6} | "
    first = max(0, finding.start.column - 1 - _MOST // 2)
    end = finding.end.column - 1 if finding.end.line == finding.start.line else len(line)
    # A tab is one character in the file and must be one on the screen.
    shown = for_terminal(line.replace("\t", " ")[first:], _MOST - len(number))
    left = finding.start.column - 1 - first
    width = max(1, min(end - first, len(shown)) - left)
    yield f"{number}{shown}"
    yield f"{'| ':>{len(number)}}{' ' * left}{'^' * width}"


def _by_reason(linted: Linted) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in linted.not_checked:
        found.setdefault(one.reason, []).append(one.rule)
    return found


def headline(linted: Linted) -> str:
    """How many findings of which severity, in how many files, for which target."""
    counted = Counter(finding.severity for finding in linted.findings)
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    said = ", ".join(some(counted[kind], str(kind)) for kind in order if counted[kind])
    taken = f", {len(linted.suppressed)} suppressed" if linted.suppressed else ""
    where = f"{some(linted.files, 'file')} for {linted.target}"
    return f"{said or 'nothing found'}{taken} in {where}"
