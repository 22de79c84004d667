"""A proxy between the browser and the site that may refuse WebSockets, as some in companies do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

CHUNK = 65_536
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Passes TCP connections on to a port of this machine.

    Args:
        upstream: that port.
    """

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self._upstream = upstream
        self._refuses = False
        self._sockets: set[asyncio.StreamWriter] = set()
        self._served: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where the site is, through the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def refuse_sockets(self) -> None:
        """Cuts the WebSockets that are open, and lets no other through."""
        self._refuses = True
        self._loop.call_soon_threadsafe(self._cut)

    def allow_sockets(self) -> None:
        """Lets WebSockets through again."""
        self._refuses = False

    def stop(self) -> None:
        """Ends it, from another thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def serve(self, ready: threading.Event) -> None:
        """Serves until it is stopped; for a thread of its own."""
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        async with await asyncio.start_server(self._accept, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._stopped.wait()
            served = list(self._served)
            for task in served:
                task.cancel()
            await asyncio.gather(*served, return_exceptions=True)

    def _cut(self) -> None:
        for writer in self._sockets:
            writer.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            async with _closing(writer):
                head = await reader.readuntil(b"\r\n\r\n")
                is_socket = b"upgrade: websocket" in head.lower()
                if is_socket and self._refuses:
                    writer.write(REFUSAL)
                    return
                if is_socket:
                    self._sockets.add(writer)
                await self._join(head, reader, writer)
        self._sockets.discard(writer)

    async def _join(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        async with _closing(up_writer):
            up_writer.write(head)
            await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """A proxy to ``port`` while inside."""
    proxy = Proxy(port)
    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(proxy.serve(ready)), daemon=True)
    thread.start()
    assert ready.wait(10), "The proxy did not start."
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(10)
