"""One coroutine for many items, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def each_at_once(
    items: Sequence[Item], one: Callable[[Item], Awaitable[Result]], at_once: int
) -> tuple[Result, ...]:
    """``one`` of every item, at most ``at_once`` under way; the results in the items' order."""
    results: dict[int, Result] = {}
    queue = iter(enumerate(items))

    async def work() -> None:
        for position, item in queue:
            results[position] = await one(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(items))):
            group.create_task(work())
    return tuple(results[position] for position in range(len(items)))
