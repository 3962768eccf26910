"""What every adapter that speaks HTTP has in common: a transport that is opened and closed."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tailrace.forges.http import Transport


class HttpForge:
    """An adapter over one transport, as an async context manager."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    @property
    def calls(self) -> int:
        """Requests that were sent so far."""
        return self._http.calls

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, trace)
