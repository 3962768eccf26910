"""Figures as Markdown: tables, goals, and the page's parts between their markers. Pure."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and how it went."""

    text: str
    measured: str
    #: None: this run was too small to judge it.
    met: bool | None

    def line(self) -> str:
        """One line of a list."""
        word = {True: "met", False: "missed", None: "not judged"}[self.met]
        return f"- **{word}**: {self.text}; measured: {self.measured}"


def median(figures: Sequence[float]) -> float | None:
    """The middle figure; None where there is none."""
    return statistics.median(figures) if figures else None


def seconds(figure: float | None) -> str:
    """Seconds with three digits that count; a dash where nothing was measured."""
    if figure is None:
        return "-"
    if figure >= 100:
        return f"{figure:.0f}"
    if figure >= 10:
        return f"{figure:.1f}"
    return f"{figure:.2f}" if figure >= 1 else f"{figure:.3f}"


def times(figure: float | None, by: float | None) -> str:
    """How often ``by`` goes into ``figure``, as ``12.3x``."""
    if figure is None or not by:
        return "-"
    ratio = figure / by
    return f"{ratio:.0f}x" if ratio >= 100 else f"{ratio:.1f}x"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [list(header), ["---"] * len(header), *(list(row) for row in rows)]
    if any(len(line) != len(header) for line in lines):
        raise ValueError("a row with another number of cells than the header")
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in r)} |" for r in lines)


def section(facts: str, table: str, goals: Sequence[Goal], notes: Sequence[str] = ()) -> str:
    """One part of the page: where the figures are from, the figures, the goals, the notes."""
    parts = [facts, table]
    if goals:
        parts.append("\n".join(goal.line() for goal in goals))
    return "\n\n".join([*parts, *notes])


def replaced(page: str, name: str, text: str) -> str:
    """The page with ``text`` between the markers ``name``. Raises ValueError without them."""
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"the page needs one pair of markers {begin} ... {end}")
    # A function, so that a backslash in the text stays one.
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page)
