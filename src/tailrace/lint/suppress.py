"""Suppression in place: ``# tailrace: ignore[GT003] because ..., until 2027-01-31``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tailrace.lint.finding import Finding
from tailrace.lint.node import Position
from tailrace.lint.workflow import Document

#: What is wrong with a suppression itself.
BAD = "TL001"
#: A suppression that suppresses nothing.
UNUSED = "TL002"

ABOUT = {
    BAD: "a suppression without rule or reason, with an end that is no date, or of no rule\n"
    "    write: # tailrace: ignore[GT003] because REASON, until 2027-01-31",
    UNUSED: "a suppression that takes nothing away, or has expired\n"
    "    mend what it hid, or delete the comment",
}

_MARK = re.compile(r"#\s*tailrace:\s*ignore(?P<rest>.*)$")
#: Ours, and those of the linters that `--with` runs.
_ID = r"(?:[A-Z]{2}[0-9]{3}|SC[0-9]{4}|zizmor/[a-z0-9-]{1,60})"
_WHOLE = re.compile(
    rf"\[(?P<rules>{_ID}(?:\s*,\s*{_ID})*)\]"
    r"\s+because\s+(?P<reason>.*?\S)"
    r"(?:,?\s+until\s+(?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2}))?\s*"
)
#: An end that is no date would be a reason for ever.
_NO_DATE = re.compile(r"\buntil\s+[0-9]{1,4}[-./]")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that takes findings away from its line, or from the next if it stands alone."""

    path: str
    line: int
    #: The line whose findings it takes away.
    covers: int
    column: int
    rules: tuple[str, ...]
    reason: str
    until: date | None

    def takes(self, finding: Finding, today: date) -> bool:
        """Whether it takes this finding away today."""
        here = finding.path == self.path and finding.start.line in (self.covers, self.line)
        return here and finding.rule in self.rules and not self.has_expired(today)

    def has_expired(self, today: date) -> bool:
        """Whether its end has passed."""
        return self.until is not None and today > self.until


def suppressions(document: Document) -> tuple[tuple[Suppression, ...], tuple[Finding, ...]]:
    """The suppressions in a file, and what is wrong with those that are none."""
    good: list[Suppression] = []
    bad: list[Finding] = []
    for number, column, text in _comments(document):
        match = _WHOLE.fullmatch(text.strip())
        until = None
        if match is not None and match["until"]:
            try:
                until = date.fromisoformat(match["until"])
            except ValueError:
                match = None
        if match is not None and until is None and _NO_DATE.search(match["reason"]):
            match = None
        if match is None:
            bad.append(_bad(document, number, column))
            continue
        line = document.lines[number - 1]
        alone = not line[: column - 1].strip()
        rules = tuple(rule.strip() for rule in match["rules"].split(","))
        covers = _next_code(document, number) if alone else number
        good.append(
            Suppression(document.path, number, covers, column, rules, match["reason"], until)
        )
    return tuple(good), tuple(bad)


def _comments(document: Document) -> Iterator[tuple[int, int, str]]:
    for number, line in enumerate(document.lines, 1):
        match = _MARK.search(line)
        if match is not None:
            yield number, match.start() + 1, match["rest"]


def _next_code(document: Document, number: int) -> int:
    for following in range(number + 1, len(document.lines) + 1):
        text = document.lines[following - 1].strip()
        if text and not text.startswith("#"):
            return following
    return number


def _bad(document: Document, number: int, column: int) -> Finding:
    return Finding(
        BAD,
        document.path,
        Position(number, column),
        Position(number, len(document.lines[number - 1]) + 1),
        "a suppression that names no rule, no reason, or an end that is no date",
        "write: # tailrace: ignore[GT003] because REASON, until 2027-01-31",
    )


def unused(suppression: Suppression, today: date) -> Finding:
    """What is said of a suppression that took nothing away."""
    over = suppression.has_expired(today)
    fact = f"expired on {suppression.until}" if over else "takes nothing away"
    said = f"the suppression of {', '.join(suppression.rules)} {fact}"
    return _of(UNUSED, suppression, said, "mend what it hid, or delete the comment")


def unknown(suppression: Suppression, name: str) -> Finding:
    """What is said of a suppression of a rule that there is not."""
    said = f"the suppression names {name}, and there is no such rule"
    return _of(BAD, suppression, said, "tailrace lint --explain ID knows the rules")


def _of(rule: str, suppression: Suppression, message: str, step: str) -> Finding:
    start = Position(suppression.line, suppression.column)
    end = Position(suppression.line, suppression.column + 1)
    return Finding(rule, suppression.path, start, end, message, step)
