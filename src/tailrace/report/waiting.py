"""That a release is waited for, while it is: to standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from tailrace.model import Release
from tailrace.report.escape import for_terminal
from tailrace.settings import IndexSettings

#: Seconds between two lines in a log.
_EVERY = 30.0


class Waiting:
    """Watches a wait: one line that changes at a terminal, a line now and then in a log."""

    def __init__(
        self,
        console: Console,
        release: Release,
        settings: IndexSettings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._release = release
        self._deadline = settings.deadline
        self._monotonic = monotonic
        self._said_at: float | None = None
        self._status = Status("", console=console) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, took: float, good: int, fact: str) -> None:
        """One more look was taken."""
        text = for_terminal(f"waiting for {self._release}: {fact}", 160)
        line = Text(f"{text} ({took:.0f} of {self._deadline:g} s)")
        if self._status is not None:
            self._status.update(line)
            return
        now = self._monotonic()
        if good == 0 and (self._said_at is None or now - self._said_at >= _EVERY):
            self._said_at = now
            self._console.print(line)
