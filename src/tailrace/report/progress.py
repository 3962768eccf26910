"""What is going on, while it goes on: to standard error, so that output stays for machines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tailrace.model import Downstream, State
from tailrace.report.terminal import state_text
from tailrace.runs import Step

#: Without a terminal, fleets larger than this say from time to time how far they are.
_LARGE = 50
#: Seconds between two such lines.
_EVERY = 5.0


class Progress:
    """Watches a run: a live table for a small fleet, a bar for a large one, lines in a log."""

    def __init__(
        self, console: Console, total: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._total = total
        self._monotonic = monotonic
        self._steps: dict[str, tuple[Step, str]] = {}
        self._done = 0
        self._said_at = monotonic()
        rows = console.size.height - 6
        self._one_row_each = console.is_terminal and total <= rows
        self._live = (
            Live(
                console=console,
                transient=True,
                refresh_per_second=12,
                get_renderable=self._render,
            )
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, downstream: Downstream, step: Step, detail: str) -> None:
        """One downstream is at ``step`` now."""
        if step is Step.DONE:
            self._done += 1
        self._steps[downstream.name] = (step, detail)
        late = self._monotonic() - self._said_at >= _EVERY
        if self._live is None and self._total > _LARGE and step is Step.DONE and late:
            self._said_at = self._monotonic()
            self._console.print(f"{self._done} of {self._total} done", highlight=False)

    def _render(self) -> RenderableType:
        if self._one_row_each:
            table = Table.grid(padding=(0, 2))
            for name, (step, detail) in list(self._steps.items()):
                table.add_row(_state(step, detail), Text(name))
            return table
        under_way = Counter(
            str(step) for step, _ in list(self._steps.values()) if step is not Step.DONE
        )
        words = ", ".join(f"{number} {step}" for step, number in sorted(under_way.items()))
        bar = ProgressBar(total=max(self._total, 1), completed=self._done, width=40)
        return Group(bar, Text(f"{self._done} of {self._total} done; {words}"))


def _state(step: Step, detail: str) -> Text:
    if step is Step.DONE and detail in set(State):
        return state_text(State(detail))
    return Text(f"… {step}", style="cyan")
