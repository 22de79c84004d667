"""Where steps compute, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

AT_ONCE = 4
"""How many steps of one drain may compute at the same time."""
LEFT_BEHIND = 250
"""How many threads may still run for steps that were given up; Python can't stop a thread."""


class Threads:
    """Runs blocking work in threads, a few at a time.

    Who stops waiting for its work gives the place free, though the thread may run on: so work that never
    ends holds up its own step, and no one else's.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._pool = ThreadPoolExecutor(AT_ONCE + LEFT_BEHIND, thread_name_prefix="step")

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """What ``work(*arguments)`` returns, or raises."""
        async with self._places:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def close(self) -> None:
        """Takes no more work, and waits for none."""
        self._pool.shutdown(wait=False, cancel_futures=True)
