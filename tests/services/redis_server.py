"""A private Redis: its own port, nothing stored, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from tests.processes import free_port, until
from tests.services import private


@contextmanager
def running() -> Iterator[str]:
    """A server while inside; its `REDIS_URL`.

    Raises:
        private.Missing: the machine has no Redis.
    """
    path = private.program("redis-server")
    with private.folder_of(None) as folder:
        port = free_port()
        options = {"bind": "127.0.0.1", "port": str(port), "save": "", "appendonly": "no"}
        command = [path, *(word for name, value in options.items() for word in (f"--{name}", value))]
        with private.server(command, folder) as log:
            url = f"redis://127.0.0.1:{port}/0"
            with redis.Redis.from_url(url) as client:
                until(lambda: _answers(client), "Redis answers", tell=log.read_text)
            yield url


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
