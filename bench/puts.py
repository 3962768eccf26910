"""The floor: a bare loop that only writes, and knows everything beforehand.

``python -m bench.puts FILE``: prints the seconds from the first call to the last answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp


async def _put(wanted: dict[str, Any]) -> float:
    queue = iter(wanted["urls"])
    headers = {"Authorization": f"token {wanted['token']}", "Content-Type": "application/json"}
    body = json.dumps(wanted["body"]).encode()

    async def work(session: aiohttp.ClientSession) -> None:
        for url in queue:
            async with session.put(url, data=body) as response:
                await response.read()
                response.raise_for_status()

    connector = aiohttp.TCPConnector(limit=wanted["at_once"])
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        started = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(wanted["at_once"])))
        return time.perf_counter() - started


if __name__ == "__main__":
    print(asyncio.run(_put(json.loads(Path(sys.argv[1]).read_text()))))
