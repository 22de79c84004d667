"""What is kept in Redis when `REDIS_URL` is set, and in this process when it is not."""

from __future__ import annotations

from typing import Any

TIMEOUT_SECONDS = 2.0
"""How long an answer is waited for. Redis takes a millisecond, or is away."""


def cache_settings(url: str) -> dict[str, Any]:
    """The entry of CACHES."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {
        "BACKEND": "shipspeak.shared_cache.SharedCache",
        "LOCATION": url,
        "KEY_PREFIX": "shipspeak",
        "OPTIONS": {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS},
    }


def ping(url: str) -> None:
    """Returns when the Redis at ``url`` has answered; else raises OSError, or an error of redis's own."""
    import redis  # 80 ms, which only those who use it need to pay

    with redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
    ) as client:
        client.ping()


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
