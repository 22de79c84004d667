"""One of something per event loop: what holds connections or threads must not cross from loop to loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Thing = TypeVar("Thing")


class PerLoop(Generic[Thing]):
    """Makes a thing for each event loop that asks for one, when it first asks.

    Args:
        make: makes it; called on the loop.
    """

    def __init__(self, make: Callable[[], Thing]) -> None:
        self._make = make
        self._things: WeakKeyDictionary[asyncio.AbstractEventLoop, Thing] = WeakKeyDictionary()

    def get(self) -> Thing:
        """The running loop's thing."""
        loop = asyncio.get_running_loop()
        thing = self._things.get(loop)
        if thing is None:
            thing = self._things[loop] = self._make()
        return thing

    def take(self) -> Thing | None:
        """The running loop's thing, for the caller to close; None when it has none. It may make a new one."""
        return self._things.pop(asyncio.get_running_loop(), None)
