"""SIGINT and SIGTERM: a run stops, and still says what it did."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tailrace.runs import Stop


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Within it, the first of these signals cancels the current task and is remembered."""
    stop, loop, task = Stop(), asyncio.get_running_loop(), asyncio.current_task()

    def came(number: signal.Signals) -> None:
        if stop.signal is None and task is not None:
            stop.signal = number
            task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, came, number)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
