"""A lint over a whole fleet: each repository, then how often each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tailrace.errors import ExitCode
from tailrace.lint.fleetwide import LintedDownstream
from tailrace.model import Failure
from tailrace.report.escape import lines_for_terminal
from tailrace.report.lints.document import of_linted
from tailrace.report.lints.plain import Excerpts, finding_lines, not_checked_lines
from tailrace.report.words import some
from tailrace.settings import Severity


def exit_code(found: Sequence[LintedDownstream]) -> int:
    """1 where something was found, 3 where only some could not be read."""
    linted = [one.linted for one in found if not isinstance(one.linted, Failure)]
    bad = (Severity.ERROR, Severity.WARNING)
    if any(finding.severity in bad for one in linted for finding in one.findings):
        return int(ExitCode.NOT_CONVERGED)
    unread = any(isinstance(one.linted, Failure) for one in found)
    return int(ExitCode.UNKNOWN if unread else ExitCode.CONVERGED)


def fleet_lines(found: Sequence[LintedDownstream]) -> Iterator[str]:
    """Each downstream's findings, then the sums."""
    rules: Counter[str] = Counter()
    where: Counter[str] = Counter()
    for one in found:
        if isinstance(one.linted, Failure):
            yield f"{one.downstream.name}: not read"
            yield from (f"    {line}" for line in lines_for_terminal(one.linted.message))
            continue
        if one.linted.findings:
            yield f"{one.downstream.name}: {some(len(one.linted.findings), 'finding')}"
        excerpts = Excerpts(one.texts)
        for finding in one.linted.findings:
            rules[finding.rule] += 1
            where[one.downstream.name] += 1
            for line in finding_lines(finding, excerpts):
                yield f"  {line}"
    for rule, number in rules.most_common():
        yield f"{rule}: {number}"
    linted = [one.linted for one in found if not isinstance(one.linted, Failure)]
    yield from not_checked_lines([every for one in linted for every in one.not_checked])
    read = sum(not isinstance(one.linted, Failure) for one in found)
    total = some(sum(rules.values()), "finding")
    yield f"{total} in {len(where)} of {some(read, 'downstream')}"


def of_fleet(found: Sequence[LintedDownstream], code: int) -> dict[str, Any]:
    """JSON of all of it."""
    rules: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for one in found:
        row: dict[str, Any] = {
            "name": one.downstream.name,
            "repository": str(one.downstream.repository),
        }
        if isinstance(one.linted, Failure):
            failure = {"kind": str(one.linted.kind), "message": one.linted.message}
            rows.append({**row, "failure": failure})
            continue
        rules.update(finding.rule for finding in one.linted.findings)
        rows.append({**row, "lint": of_linted(one.linted, exit_code([one]))})
    return {
        "schema": "tailrace/lint-fleet/1",
        "exit_code": code,
        "rules": dict(rules.most_common()),
        "downstreams": rows,
    }
