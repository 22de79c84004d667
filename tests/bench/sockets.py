"""A thousand WebSocket clients in one process, each as light as can be."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from typing import Any

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
OnText = Callable[["Client", bytes, int], None]
"""Called with a client, a text frame, and the moment of its arrival (monotonic, ns)."""


class Client(asyncio.Protocol):
    """One socket, RFC 6455 without extensions. ``opened`` is fulfilled by the handshake, ``ready`` by
    whoever uses the client."""

    __slots__ = ("_buffer", "_on_text", "_request", "_transport", "opened", "ready", "seen")

    def __init__(self, request: bytes, on_text: OnText) -> None:
        self._request = request
        self._on_text = on_text
        self._buffer = b""
        self.seen = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """A loss before it was ready is a failure."""
        for future in (self.opened, self.ready):
            if not future.done():
                future.set_exception(ConnectionError(f"lost before it was ready: {error}"))
                future.exception()  # seen, even if nobody waits for it

    def data_received(self, data: bytes) -> None:
        """Takes frames apart; the server's are not masked."""
        now = time.monotonic_ns()
        data = self._buffer + data
        if not self.opened.done():
            head, separator, data = data.partition(b"\r\n\r\n")
            if not separator:
                self._buffer = head
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self._transport.abort()
                return
            self.opened.set_result(None)
        while (frame := _split(data)) is not None:
            kind, payload, data = frame
            self._received(kind, payload, now)
        self._buffer = data

    def _received(self, kind: int, payload: bytes, now: int) -> None:
        if kind == TEXT:
            self._on_text(self, payload, now)
        elif kind == PING:
            self._frame(PONG, payload)
        elif kind == CLOSE:
            self._transport.close()

    def say(self, text: str) -> None:
        """Sends a text frame."""
        self._frame(TEXT, text.encode())

    def close(self) -> None:
        """Cuts the connection."""
        self._transport.abort()

    def _frame(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        head = (
            bytes((0x80 | kind, 0x80 | size))
            if size < 126
            else bytes((0x80 | kind, 0xFE)) + size.to_bytes(2, "big")
        )
        self._transport.write(head + b"\0\0\0\0" + payload)  # masked with zeros


def _split(data: bytes) -> tuple[int, bytes, bytes] | None:
    if len(data) < 2:
        return None
    size, start = data[1] & 0x7F, 2
    if size >= 126:
        start = 4 if size == 126 else 10
        size = int.from_bytes(data[2:start], "big")
    end = start + size
    if len(data) < max(start, end):
        return None
    return data[0] & 0x0F, data[start:end], data[end:]


def handshake(port: int, path: str, headers: dict[str, str]) -> bytes:
    """The request that opens a socket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Origin: http://127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def decoded(payload: bytes) -> Any:
    """A frame's JSON."""
    return json.loads(payload)
