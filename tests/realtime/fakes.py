"""Stand-ins for what is at the other end: an ASGI server's ``send``, and readings of the log."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from realtime.log import Position
from realtime.outlet import Message
from realtime.reading import Reading

EPOCH = "first"


class Wire:
    """A server's ``send`` that keeps what it is given, and waits while it is told to."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.free = asyncio.Event()
        self.free.set()
        self.error: Exception | None = None

    async def send(self, message: Message) -> None:
        """Takes a message."""
        while not self.free.is_set():
            await self.free.wait()
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    @property
    def frames(self) -> list[Any]:
        """What was sent: frames decoded, and other messages by their type."""
        return [json.loads(m["text"]) if "text" in m else m["type"] for m in self.sent]


def event(seq: int) -> tuple[int, Message, int]:
    """An event as the hub delivers it."""
    frame = json.dumps({"type": "event", "seq": seq})
    return seq, {"type": "websocket.send", "text": frame}, len(frame)


def replay(since: int, until: int, more: bool = False) -> Reading:
    """A reading of the events after ``since`` up to ``until``."""
    frames = [json.dumps({"type": "event", "seq": seq}) for seq in range(since + 1, until + 1)]
    return Reading(Position(EPOCH, since), Position(EPOCH, until), None, frames, more)


def snapshot(seq: int, epoch: str = EPOCH) -> Reading:
    """A reading that is a snapshot."""
    frame = json.dumps({"type": "snapshot", "seq": seq})
    return Reading(Position(epoch, seq), Position(epoch, seq), frame, (), more=False)
