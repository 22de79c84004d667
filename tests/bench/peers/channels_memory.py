"""Channels as its tutorial has it: a consumer in groups, the in-memory layer."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

from tests.bench.peers.pace import http

settings.configure(
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}, SECRET_KEY="bench"
)


class News(AsyncJsonWebsocketConsumer):
    """Joins the group of its user and that of everybody."""

    async def connect(self) -> None:
        """Joins and accepts."""
        self.mine = self.scope["path"].strip("/")
        for group in (self.mine, "system"):
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        await self.send_json({"ready": True})

    async def disconnect(self, code: int) -> None:
        """Leaves."""
        for group in (self.mine, "system"):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def news(self, message: dict[str, Any]) -> None:
        """Hands a message on."""
        await self.send_json(message["data"])


async def _publish(group: str, data: dict[str, Any]) -> None:
    await get_channel_layer().group_send(group, {"type": "news", "data": data})


application = ProtocolTypeRouter({"http": http(_publish), "websocket": News.as_asgi()})
