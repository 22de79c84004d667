"""Starting a coroutine at once, without a task unless it has to wait.

An ASGI server's ``send`` seldom waits. A task for each of a thousand sockets would cost more than the
sending itself; Python 3.12 has eager tasks for the same reason.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any


def start(coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None] | None:
    """Runs ``coroutine`` up to its first wait: None when that was the end, else a task for the rest."""
    try:
        waited_for = coroutine.send(None)
    except StopIteration:
        return None
    return loop.create_task(_rest(coroutine, waited_for))


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, None], waited_for: Any) -> Generator[Any, Any, None]:
    """Hands what the coroutine waits for to the task that runs this, and the outcome back."""
    try:
        while True:
            try:
                value = yield waited_for
            except BaseException as error:  # noqa: BLE001 - handed on, not handled
                waited_for = coroutine.throw(error)
            else:
                waited_for = coroutine.send(value)
    except StopIteration:
        return
