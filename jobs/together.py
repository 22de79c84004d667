"""Doing at once what many ask for at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Together:
    """Does for all who asked at once what it does for one.

    Args:
        work: does it for a list of things, and gives as many answers. What it raises, all of them get.
        linger: seconds to wait for more before it begins.
        one_at_a_time: whether what is asked meanwhile waits until ``work`` is done.
    """

    def __init__(
        self,
        work: Callable[[list[Any]], Awaitable[list[Any]]],
        *,
        linger: float = 0.0,
        one_at_a_time: bool = True,
    ) -> None:
        self._work = work
        self._linger = linger
        self._one_at_a_time = one_at_a_time
        self._waiting: list[Any] = []
        self._next: asyncio.Task[list[Any]] | None = None
        self._busy: asyncio.Task[list[Any]] | None = None

    async def ask(self, one: Any) -> Any:
        """The answer for ``one``. Who stops waiting for it stops nothing."""
        place = len(self._waiting)
        self._waiting.append(one)
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        answers = await asyncio.shield(self._next)
        return answers[place]

    async def _run(self) -> list[Any]:
        if self._linger:
            await asyncio.sleep(self._linger)
        if self._one_at_a_time and self._busy and not self._busy.done():
            await asyncio.wait([self._busy])
        batch, self._waiting = self._waiting, []
        self._busy, self._next = self._next, None
        return await self._work(batch)
