"""A last word before the process ends, whichever server runs it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

GRACE_SECONDS = 0.2
"""How long the last word has to reach the network before the server is told to stop."""

logger = logging.getLogger(__name__)


def before_exit(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Has ``callback`` run on the loop when the process gets SIGTERM or SIGINT, and then what would have.

    daphne's and uvicorn's handlers, and Python's own, are called a little later with the same signal.
    Handlers that the loop itself keeps (``loop.add_signal_handler``) cannot be called from here: they stay
    as they are, and nothing is said.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        previous = signal.getsignal(number)
        if _is_loops_own(previous):
            logger.info(
                "Clients will not be told when this process stops: the server keeps its own handlers."
            )
            continue
        signal.signal(number, _handler(loop, callback, previous))


def _is_loops_own(previous: Any) -> bool:
    return previous is None or getattr(previous, "__module__", "") == "asyncio.unix_events"


def _handler(
    loop: asyncio.AbstractEventLoop, callback: Callable[[], None], previous: Any
) -> Callable[[int, FrameType | None], None]:
    said = False

    def goodbye(number: int) -> None:
        callback()
        loop.call_later(GRACE_SECONDS, go, number)

    def go(number: int) -> None:
        if callable(previous):
            previous(number, None)
        elif previous is not signal.SIG_IGN:
            signal.signal(number, previous)
            os.kill(os.getpid(), number)

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal said
        if said or not loop.is_running():
            go(number)
        else:
            said = True
            loop.call_soon_threadsafe(goodbye, number)

    return handle
