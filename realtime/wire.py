"""Carries rings between hosts, over Redis: what rings on one is heard on all others.

A ring is a hint here as well. It may be lost, doubled or late, and nobody waits for it: who rings puts it
into a short queue that a thread works off, and what finds no room there, or no Redis, is dropped. Who
listens looks at everything after each connection, since nobody knows what it missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import queue
import random
import socket
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    import redis

PREFIX = "shipspeak.bell."
MOST_WAITING = 1000
"""Rings that wait for their way out; more than that are news of long ago."""
CONNECT_SECONDS = 2.0
LOOK_SECONDS = 0.5
"""How soon a listener notices that it is to stop."""
LONGEST_PAUSE_SECONDS = 5.0
ALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2}
"""A connection whose other end is gone without a word is found out in 20 seconds."""

Hear = Callable[[bytes], None]

logger = logging.getLogger(__name__)


def carry(host: str, room: str, message: bytes) -> None:
    """Lets those who listen in ``room`` on other hosts hear ``message``. Never waits, and never raises."""
    if url := _url():
        _sender(os.getpid(), url).take(room, host, message)


def listener(host: str, room: str, hear: Hear) -> Ear | None:
    """What hears the rings of other hosts in ``room`` from now on; None where there are no others.

    Args:
        host: this host's own name, whose rings are not brought back to it.
        room: see `realtime.doorbell`.
        hear: called in a thread with each message.
    """
    url = _url()
    return Ear(url, host, room, hear) if url else None


def name_of(place: str) -> str:
    """The name of this host's processes that ring each other at ``place``, a directory."""
    return hashlib.sha256(f"{socket.gethostname()} {place}".encode()).hexdigest()[:16]


class Ear:
    """A thread that hears the rings of other hosts. Arguments as of `listener`."""

    def __init__(self, url: str, host: str, room: str, hear: Hear) -> None:
        self._url, self._host, self._room, self._hear = url, host.encode(), room, hear
        self._stopping, self._failures = threading.Event(), 0
        self._thread = threading.Thread(target=self._run, name=f"bell-{room}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hears nothing any more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        from redis.exceptions import RedisError

        while not self._stopping.is_set():
            try:
                with contextlib.closing(_client(self._url)) as client:
                    self._listen(client)
            except (RedisError, OSError) as error:
                if not self._failures:
                    why = type(error).__name__
                    logger.warning("Rings of other hosts are not heard (%s): Redis is away.", why)
                self._failures += 1
                self._stopping.wait(self._pause())

    def _pause(self) -> float:
        """Seconds until it is worth trying again; not all hosts at the same moment."""
        longest = min(LONGEST_PAUSE_SECONDS, 0.25 * 2.0 ** min(self._failures, 10))
        return random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing

    def _listen(self, client: Any) -> None:
        subscription = client.pubsub()
        subscription.subscribe(PREFIX + self._room)
        while not self._stopping.is_set():
            found = subscription.get_message(timeout=LOOK_SECONDS)
            if found is None:
                continue
            if found["type"] == "subscribe":
                self._failures = 0
                self._hear(b"")
            elif found["type"] == "message":
                host, _, message = found["data"].partition(b"\n")
                if host != self._host:
                    self._hear(message)


class _Sender:
    """A process's way out."""

    def __init__(self, url: str) -> None:
        self._client = _client(url)
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue(MOST_WAITING)
        self._is_away = False
        threading.Thread(target=self._run, name="bell-sender", daemon=True).start()

    def take(self, room: str, host: str, message: bytes) -> None:
        """Takes a ring along, if there is room."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait((PREFIX + room, host.encode() + b"\n" + message))

    def _run(self) -> None:
        from redis.exceptions import RedisError

        while True:
            channel, payload = self._waiting.get()
            try:
                self._client.publish(channel, payload)
                self._is_away = False
            except (RedisError, OSError) as error:
                if not self._is_away:
                    why = type(error).__name__
                    logger.warning("Other hosts do not hear our rings (%s): Redis is away.", why)
                self._is_away = True


def _url() -> str:
    return getattr(settings, "REDIS_URL", "")


@cache
def _sender(pid: int, url: str) -> _Sender:
    """One a process; ``pid`` gives a forked one its own."""
    return _Sender(url)


def _client(url: str) -> redis.Redis:
    import redis

    keepalive = {getattr(socket, name): value for name, value in ALIVE.items() if hasattr(socket, name)}
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        socket_keepalive_options=keepalive,
    )
