"""What is kept in Redis when `REDIS_URL` is set, and in this process when it is not."""

from __future__ import annotations

from typing import Any


def cache_settings(url: str) -> dict[str, Any]:
    """The entry of CACHES."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "shipspeak",
    }


def channel_layer_settings(url: str) -> dict[str, Any]:
    """The entry of CHANNEL_LAYERS.

    The pub/sub layer, because the queueing one silently loses messages above 100 waiting ones; and no
    socket timeout, because redis-py's own of 5 s ends a subscriber that has merely nothing to hear.
    """
    if not url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    host = {"address": url, "socket_timeout": None}
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [host], "prefix": "shipspeak"},
    }
