"""SIGINT and SIGTERM: a run stops, and still says what it did."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tailrace.errors import TailraceError
from tailrace.runs import Stop


class StoppedEarly(TailraceError):
    """A signal came before there was anything to report."""

    def __init__(self, number: signal.Signals, when: str) -> None:
        super().__init__(f"{number.name} came {when}\n  next: run the same command again")
        self.exit_code = 128 + number


@contextmanager
def stopped_by_signals(deadline: float | None = None) -> Iterator[Stop]:
    """Within it, the first signal, or the deadline, cancels the current task and is remembered."""
    stop, loop, task = Stop(), asyncio.get_running_loop(), asyncio.current_task()

    def passed() -> None:
        if stop.cause is None and not stop.over and task is not None:
            stop.deadline = deadline
            task.cancel()

    def came(number: signal.Signals) -> None:
        # While connections are closed there is a report already, and it must not be lost.
        if stop.cause is None and not stop.over and task is not None:
            stop.signal = number
            task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, came, number)
    timer = None if deadline is None else loop.call_later(deadline, passed)
    try:
        yield stop
    finally:
        if timer is not None:
            timer.cancel()
        for number in numbers:
            loop.remove_signal_handler(number)
