"""Waiting for a release, at a terminal or in a log: what `wait` and `cascade` share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tailrace.cli.stopping import StoppedEarly, stopped_by_signals
from tailrace.index.open import open_index
from tailrace.index.wait import Waited, wait
from tailrace.model import Release
from tailrace.report.aside import Aside
from tailrace.report.waiting import Waiting
from tailrace.settings import IndexSettings


async def wait_for(release: Release, settings: IndexSettings, environ: Mapping[str, str]) -> Waited:
    """How waiting for ``release`` ended. Raises `StoppedEarly` where a signal came."""
    index = open_index(settings, environ, attempts=1)
    with (
        stopped_by_signals() as stop,
        Waiting(Aside(stderr=True), release, settings) as watch,
    ):
        try:
            async with index:
                return await wait(index, release, settings, watch=watch)
        except asyncio.CancelledError:
            if stop.signal is None:
                raise
            when = f"while waiting for {release}; nothing was written"
            raise StoppedEarly(stop.signal, when) from None
