"""The settings that this layer reads, with what holds where the project sets none."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Limits:
    """What a web process allows its sockets. Times are in seconds.

    Attributes:
        ping_interval: how often a client is asked to ping.
        connection_timeout: how much longer than that it may be silent.
        hello_timeout: how long a fresh socket may wait with its hello.
        max_connections: sockets and waiting long-polls of one process.
        max_strangers: sockets of one process that have not said hello.
        max_per_user: sockets and waiting long-polls of one person in one process.
        window_events: events of a stream that may be sent without an ack.
        window_bytes: the same in bytes, and the bytes of signals between two frames of the client.
        message_rate: frames a second that a client may send for long.
        message_burst: frames that it may send at once.
        recheck: how long a sign-in is believed before it is looked up again.
    """

    ping_interval: float = 25
    connection_timeout: float = 30
    hello_timeout: float = 10
    max_connections: int = 5000
    max_strangers: int = 2500
    max_per_user: int = 20
    window_events: int = 1000
    window_bytes: int = 512 * 1024
    message_rate: float = 50
    message_burst: int = 250
    recheck: float = 60

    @classmethod
    def from_settings(cls) -> Limits:
        """The limits as Django's settings have them now."""
        return cls(
            ping_interval=getattr(settings, "WEBSOCKET_PING_INTERVAL", cls.ping_interval),
            connection_timeout=getattr(settings, "WEBSOCKET_CONNECTION_TIMEOUT", cls.connection_timeout),
            max_connections=getattr(settings, "WEBSOCKET_MAX_CONNECTIONS", cls.max_connections),
            max_per_user=getattr(settings, "WEBSOCKET_MAX_PER_USER", cls.max_per_user),
        )


def allowed_origins() -> frozenset[str]:
    """The origins that sockets are taken from, besides the site's own: `WEBSOCKET_CORS_ORIGINS`."""
    origins = getattr(settings, "WEBSOCKET_CORS_ORIGINS", ())
    return frozenset(origin.rstrip("/").lower() for origin in origins)
