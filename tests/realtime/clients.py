"""Clients of ``/ws/`` for tests, and the people behind them."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import transaction
from django.test import Client

from realtime import log
from realtime.protocol import SUBPROTOCOL
from realtime.routing import websocket
from tests.factories import make_user

HOST = b"testserver"
PATIENCE = 5.0
"""Seconds to wait for what must come; a test that passes never waits so long."""


def signed_in(user: Any) -> str:
    """A session's key of a person who is signed in."""
    client = Client()
    client.force_login(user)
    return client.session.session_key


def tell(stream: str, number: int = 1, name: str = "job.started", **data: Any) -> None:
    """Publishes ``number`` events, each in a transaction of its own."""
    for n in range(number):
        with transaction.atomic():
            log.publish(stream, name, {"n": n, **data})


async def person(name: str = "alice") -> tuple[Any, str]:
    """A person and the key of their session."""
    user = await sync_to_async(make_user)(name)
    return user, await sync_to_async(signed_in)(user)


class Socket:
    """A client's end of a socket, over the application itself. An async context manager."""

    def __init__(self, session: str = "", origin: bytes | None = b"http://testserver", **more: Any) -> None:
        headers = [(b"host", HOST)]
        if session:
            headers.append((b"cookie", f"sessionid={session}".encode()))
        if origin is not None:
            headers.append((b"origin", origin))
        protocols = more.pop("subprotocols", [SUBPROTOCOL])
        self._communicator = WebsocketCommunicator(websocket, more.pop("path", "/ws/"), headers, protocols)

    async def __aenter__(self) -> Self:
        self.accepted, self.subprotocol = await self._communicator.connect(PATIENCE)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._communicator.disconnect()

    async def say(self, **frame: Any) -> None:
        """Sends a frame."""
        await self.write(json.dumps(frame))

    async def write(self, text: str) -> None:
        """Sends any text."""
        await self._communicator.send_to(text_data=text)

    async def hello(self, **streams: Any) -> dict[str, Any]:
        """Says hello and gives the welcome."""
        await self.say(type="hello", streams=streams)
        return await self.get("welcome")

    async def next(self) -> dict[str, Any]:
        """The next frame, or what the socket was closed with."""
        message = await self._communicator.receive_output(PATIENCE)
        if message["type"] == "websocket.close":
            return {"type": "close", "code": message["code"]}
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def get(self, kind: str) -> dict[str, Any]:
        """The next frame, which must be of that type."""
        frame = await self.next()
        assert frame["type"] == kind, frame
        return frame

    async def closed_with(self) -> tuple[str, int]:
        """The reason in the error frame that must come next, and the code of the close after it."""
        error = await self.get("error")
        close = await self.get("close")
        return error["code"], close["code"]

    async def settled(self) -> list[dict[str, Any]]:
        """All frames until everything said so far is carried out."""
        await self.say(type="ping")
        frames = []
        while (frame := await self.next())["type"] != "pong":
            frames.append(frame)
        return frames

    async def nothing(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        return await self._communicator.receive_nothing(seconds)


async def until(condition: Any) -> None:
    """Waits until ``condition()`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
