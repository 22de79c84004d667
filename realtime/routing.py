"""Where the web server's sockets go."""

from __future__ import annotations

from typing import Any

from realtime.consumers import Receive, SocketConsumer
from realtime.outlet import Send

SOCKET_PATH = "/ws/"


async def websocket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application for sockets: one address, and a refused handshake at every other."""
    path: str = scope["path"]
    if path.removeprefix(scope.get("root_path", "")) == SOCKET_PATH:
        await SocketConsumer()(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close"})
