"""What one measurement gives back."""

from __future__ import annotations

from dataclasses import dataclass

from bench.table import Goal


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page."""

    table: str
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()
