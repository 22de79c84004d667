"""The way out to one socket: in order, without a task per frame, and bounded for who does not listen."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from realtime import eager
from realtime.protocol import CloseCode, ErrorFrame

Message = dict[str, Any]
"""A message to the ASGI server. One and the same goes to every socket: nobody changes it."""
Send = Callable[[Message], Coroutine[Any, Any, None]]

MAX_HELD_SIGNALS = 256

logger = logging.getLogger(__name__)


def text(frame: str) -> Message:
    """The message that sends a frame."""
    return {"type": "websocket.send", "text": frame}


class Outlet:
    """Sends to one socket, from the event loop's thread. Once we closed it, ``why`` has code and reason.

    Some servers (uvicorn) make ``send`` wait for a slow client, then everything queues here. Others
    (daphne) take whatever they get. So signals are counted: after ``credit`` bytes without a word from
    the client they are held back, the newest of each key, until it says something. Events are counted by
    their subscription.
    """

    __slots__ = ("_credit", "_held", "_left", "_loop", "_queue", "_send", "_task", "closed", "why")

    def __init__(self, send: Send, loop: asyncio.AbstractEventLoop, credit: int) -> None:
        self.closed = False
        self.why: tuple[int, str] | None = None
        self._send = send
        self._loop = loop
        self._credit = self._left = credit
        self._task: asyncio.Task[None] | None = None
        self._queue: deque[Message] | None = None
        self._held: dict[str, Message] | None = None

    def send(self, message: Message) -> None:
        """Sends a message now, or as soon as those before it are sent."""
        if self._task is not None:
            self._enqueue(message)
        elif not self.closed:
            self._start(message)

    def signal(self, key: str, message: Message) -> None:
        """Sends a signal, or holds it back in place of an earlier one of the same ``key``."""
        if self._task is None and self._left > 0:
            self._left -= len(message["text"])
            self.send(message)
        else:
            self._hold(key, message)

    def heard(self) -> None:
        """The client said something, so it listens: signals may flow again."""
        self._left = self._credit
        if self._task is None:
            self._release()

    def close(self, code: CloseCode, reason: str, message: str) -> None:
        """Tells the reason in an error frame, closes the socket, and sends no more."""
        if not self.closed:
            self.send(text(ErrorFrame(code=reason, message=message).encode()))
            self.send({"type": "websocket.close", "code": int(code), "reason": reason})
            self.closed, self.why = True, (int(code), reason)
            self._held = None

    def _enqueue(self, message: Message) -> None:
        if self._queue is None:
            self._queue = deque()
        if not self.closed:
            self._queue.append(message)

    def _hold(self, key: str, message: Message) -> None:
        held = self._held = {} if self._held is None else self._held
        if key not in held and len(held) >= MAX_HELD_SIGNALS:
            del held[next(iter(held))]
        held[key] = message

    def _start(self, message: Message) -> None:
        try:
            self._task = eager.start(self._send(message), self._loop)
        except Exception as error:  # noqa: BLE001 - one socket must not harm the others
            self._failed(error)
        if self._task is not None:
            self._task.add_done_callback(self._sent)

    def _failed(self, error: BaseException) -> None:
        self.closed = True
        self._queue = None
        if not isinstance(error, OSError | RuntimeError):  # how servers say that the client has just gone
            logger.error("A socket could not be sent to.", exc_info=error)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            self.closed = True
            self._queue = None
        elif error := task.exception():
            self._failed(error)
        while self._queue and self._task is None:
            self._start(self._queue.popleft())
        if self._task is None:
            self._queue = None
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        for key, message in (held or {}).items():
            self.signal(key, message)
