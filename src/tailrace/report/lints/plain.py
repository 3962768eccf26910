"""For people: the place, the fact, the line with a caret below it, the next step."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tailrace.lint.credentials import masked
from tailrace.lint.engine import Linted
from tailrace.lint.finding import Finding, NotChecked, Severity
from tailrace.lint.gitleaks import SecretRules
from tailrace.report.escape import for_terminal
from tailrace.report.words import some

_MOST = 76
#: Two less than a terminal has: a fleet's findings stand further in.
_WIDTH = 78


def lint_lines(
    linted: Linted, texts: Mapping[str, str], known: SecretRules | None = None
) -> Iterator[str]:
    """Every finding, then what was not checked, then how many there are."""
    excerpts = Excerpts(texts, known)
    for finding in linted.findings:
        yield from finding_lines(finding, excerpts)
    yield from not_checked_lines(linted.not_checked)
    yield headline(linted)


class Excerpts:
    """The lines of the files that findings point into; each file is split once."""

    def __init__(self, texts: Mapping[str, str], known: SecretRules | None = None) -> None:
        self._texts = texts
        self._known = known
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str:
        """A line with nothing in it that must not be printed; empty where there is none."""
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = self._texts.get(path, "").split("\n")
        line = lines[number - 1].rstrip("\r") if number <= len(lines) else ""
        return masked(line, path, self._known)


def finding_lines(finding: Finding, excerpts: Excerpts) -> Iterator[str]:
    """One finding with its excerpt."""
    start = finding.start
    place = f"{for_terminal(finding.path, 120)}:{start.line}:{start.column}"
    yield f"{place}: {finding.severity} {finding.rule}"
    yield from _wrapped("    ", finding.message)
    line = excerpts.line(finding.path, start.line)
    if line.strip():
        yield from _excerpt(line, finding)
    yield from _wrapped("    next: ", finding.step)


def _wrapped(first: str, text: str, indent: int | None = None) -> Iterator[str]:
    """A text of ours in lines that fit a terminal; a long word is not broken."""
    yield from textwrap.wrap(
        for_terminal(text, 400),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * (len(first) if indent is None else indent),
        break_long_words=False,
        break_on_hyphens=False,
    )


def diff_line(line: str) -> str:
    """A line of a diff as a terminal and a runner's log can bear it."""
    shown = "\t".join(for_terminal(part, 1000) for part in line.split("\t"))
    # Runners look past a diff's space for their commands.
    return shown.replace("::", r":\:", 1) if shown[1:].lstrip().startswith("::") else shown


def _excerpt(line: str, finding: Finding) -> Iterator[str]:
    number = f"{finding.start.line:>6} | "
    at = min(finding.start.column - 1, len(line))
    first = max(0, at - _MOST // 2)
    end = finding.end.column - 1 if finding.end.line == finding.start.line else len(line)
    # A tab is one character in the file and must be one on the screen.
    shown = _fitting(line[first:].replace("\t", " "), _MOST - len(number))
    left = _cells(line[first:at])
    width = max(1, min(_cells(line[at:end]), _cells(shown) - left))
    yield f"{number}{shown}"
    yield f"{'| ':>{len(number)}}{' ' * left}{'^' * width}"


def _fitting(text: str, most: int) -> str:
    """As much of a line as a screen has room for."""
    cells = 0
    for at, char in enumerate(text):
        cells += _cells(char)
        if cells > most - 3 and _cells(text[at : at + most]) > _cells(char) + 3:
            return for_terminal(text[:at], 10 * most) + "..."
    return for_terminal(text, 10 * most)


def _cells(text: str) -> int:
    """How wide a text is on the screen, where what cannot be printed is spelt out."""
    spelt = for_terminal(text.replace("\t", " "), max(1, 10 * len(text)))
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in spelt
    )


def not_checked_lines(not_checked: Iterable[NotChecked]) -> Iterator[str]:
    """The rules that were not applied, by what they lack; each once."""
    found: dict[str, dict[str, None]] = {}
    for one in not_checked:
        found.setdefault(one.reason, {})[one.rule] = None
    for reason, rules in found.items():
        yield from _wrapped("not checked: ", ", ".join(rules), indent=4)
        yield from _wrapped("    ", reason)


def headline(linted: Linted) -> str:
    """How many findings of which severity, in how many files, for which target."""
    counted = Counter(finding.severity for finding in linted.findings)
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    said = ", ".join(some(counted[kind], str(kind)) for kind in order if counted[kind])
    taken = f", {len(linted.suppressed)} suppressed" if linted.suppressed else ""
    where = f"{some(linted.files, 'file')} for {linted.target}"
    return f"{said or 'nothing found'}{taken} in {where}"
