"""Serving the application with uvicorn on a loopback port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.fake_openai.app import FakeOpenAI

BACKLOG = 2048


def listening(port: int = 0) -> socket.socket:
    """A listening socket on a port of the loopback, a free one by default."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL that clients are given."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def server(app: FakeOpenAI) -> uvicorn.Server:
    """A server of ``app`` that writes nothing and leaves at once when it is told to."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=0,
    )
    return uvicorn.Server(config)


@contextmanager
def in_thread(app: FakeOpenAI) -> Iterator[str]:
    """Serves ``app`` in a thread; its base URL."""
    with listening() as listener:
        serving = server(app)
        thread = threading.Thread(target=serving.run, args=([listener],), name="fake-openai", daemon=True)
        thread.start()
        try:
            yield url_of(listener)
        finally:
            serving.should_exit = True
            thread.join()
