"""python-socketio with its own in-process manager, as an ASGI application."""

from __future__ import annotations

from typing import Any

import socketio

from tests.bench.peers.pace import http

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@server.event
async def connect(sid: str, environ: dict[str, Any]) -> None:
    """Enters the room of the user and that of everybody."""
    for room in (environ["QUERY_STRING"].rsplit("room=", 1)[-1], "system"):
        await server.enter_room(sid, room)


async def _publish(room: str, data: dict[str, Any]) -> None:
    await server.emit("news", data, room=room)


application = socketio.ASGIApp(server, other_asgi_app=http(_publish))
