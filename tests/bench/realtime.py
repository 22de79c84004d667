"""How fast news travels: ``python -m tests.bench.realtime [--sockets 1000] [--uvicorn]``.

A real server, that many sockets from this process, and a writer in a third. Every figure of ours stands
beside the same figure of each peer, measured in the same run on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import contenders
from tests.bench.contenders import ROOT, Contender
from tests.bench.sockets import Client
from tests.bench.table import Row, render

AT_ONCE = 100
"""How many connect at the same time."""
RATE = 200
"""Events a second, each to one random socket."""
SECONDS = 10
BROADCASTS = 10


@dataclass(slots=True)
class Figures:
    """What was measured of one server. Times in ms, memory in KB."""

    connect_seconds: float | None = None
    hello_seconds: float | None = None
    kilobytes: float | None = None
    p50: float | None = None
    p99: float | None = None
    broadcast: float | None = None


@dataclass(slots=True)
class Crowd:
    """The clients, and what they heard: the delay of each event in ms, by the moment that it tells of."""

    contender: Contender
    port: int
    clients: list[Client] = field(default_factory=list)
    heard: list[tuple[int, float]] = field(default_factory=list)

    async def connect(self, number: int) -> None:
        """Connects that many, a hundred at a time."""
        for start in range(0, number, AT_ONCE):
            fresh = [self._client(n) for n in range(start, min(number, start + AT_ONCE))]
            self.clients += await asyncio.gather(*fresh)

    async def _client(self, n: int) -> Client:
        loop = asyncio.get_running_loop()
        request = self.contender.request(self.port, n)
        _, client = await loop.create_connection(
            lambda: Client(request, self._on_text), "127.0.0.1", self.port
        )
        await asyncio.wait_for(client.opened if self.contender.hello else client.ready, 30)
        return client

    async def say_hello(self) -> None:
        """Has all of them sign in, all at once."""
        for client in self.clients:
            client.say(self.contender.hello or "")
        await asyncio.wait_for(asyncio.gather(*(client.ready for client in self.clients)), 30)

    def _on_text(self, client: Client, payload: bytes, now: int) -> None:
        told = self.contender.heard(client, payload)
        if told is True and not client.ready.done():
            client.ready.set_result(None)
        elif told is not None and not isinstance(told, bool):
            self.heard.append((told, (now - told) / 1e6))

    async def hear(self, number: int, seconds: float) -> list[tuple[int, float]]:
        """Waits for that many events, or so long, and gives what came."""
        until = time.monotonic() + seconds
        while len(self.heard) < number and time.monotonic() < until:
            await asyncio.sleep(0.05)
        heard, self.heard = self.heard, []
        return heard

    def close(self) -> None:
        """Cuts every connection."""
        for client in self.clients:
            client.close()


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which that share of them lies, nearest rank; None when there are none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else None


async def measure(contender: Contender, sockets: int) -> Figures:
    """Everything about one server."""
    async with _served(contender) as (port, pid):
        await _warm(contender, port)
        idle = _memory(pid)
        figures = Figures()
        crowd = Crowd(contender, port)
        begun = time.monotonic()
        await crowd.connect(sockets)
        figures.connect_seconds = time.monotonic() - begun
        if contender.hello:
            begun = time.monotonic()
            await crowd.say_hello()
            figures.hello_seconds = time.monotonic() - begun
        await asyncio.sleep(1)
        figures.kilobytes = (_memory(pid) - idle) / sockets
        await _targeted(crowd, figures)
        await _broadcast(crowd, figures)
        crowd.close()
    return figures


async def _warm(contender: Contender, port: int) -> None:
    """Has the server do what it does at its first socket only."""
    first = Crowd(contender, port)
    await first.connect(1)
    if contender.hello:
        await first.say_hello()
    first.close()


async def _targeted(crowd: Crowd, figures: Figures) -> None:
    order = {"people": len(crowd.clients), "rate": RATE, "seconds": SECONDS}
    await asyncio.to_thread(crowd.contender.publish, crowd.port, order)
    delays = [delay for _, delay in await crowd.hear(RATE * SECONDS, SECONDS + 20)]
    figures.p50, figures.p99 = percentile(delays, 0.5), percentile(delays, 0.99)


async def _broadcast(crowd: Crowd, figures: Figures) -> None:
    order = {"people": 0, "rate": 1, "seconds": BROADCASTS}
    await asyncio.to_thread(crowd.contender.publish, crowd.port, order)
    last: dict[int, float] = {}
    for moment, delay in await crowd.hear(BROADCASTS * len(crowd.clients), BROADCASTS + 30):
        last[moment] = max(delay, last.get(moment, 0))
    figures.broadcast = percentile(list(last.values()), 0.5)


@asynccontextmanager
async def _served(contender: Contender) -> AsyncIterator[tuple[int, int]]:
    port = _free_port()
    process = subprocess.Popen(
        contender.command(port), cwd=ROOT, env=os.environ | contender.environment, stderr=subprocess.DEVNULL
    )
    try:
        await _until_open(port)
        yield port, process.pid
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _until_open(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _memory(pid: int) -> float:
    """The process's proportional share of memory, in KB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1])
    return 0


def _compare(ours: Figures, peer: str, theirs: Figures | None, sockets: int) -> list[Row]:
    got = theirs or Figures()
    return [
        Row(f"event to one of {sockets} sockets, p50", "ms", ours.p50, peer, got.p50, 1),
        Row(f"event to one of {sockets} sockets, p99", "ms", ours.p99, peer, got.p99, 3),
        Row(f"broadcast to {sockets}, last recipient", "ms", ours.broadcast, peer, got.broadcast, 70),
        Row(
            f"connect {sockets}, a hundred at a time", "s", ours.connect_seconds, peer, got.connect_seconds, 1
        ),
        Row("memory a socket", "KB", ours.kilobytes, peer, got.kilobytes, 28),
    ]


def rows(sockets: int = 1000, server: str = "daphne") -> list[Row]:
    """Runs everything; takes about a minute and a half."""
    with tempfile.TemporaryDirectory(prefix="bench-") as data_dir:
        serve = {"daphne": contenders.daphne, "uvicorn": contenders.uvicorn}[server]
        ours = asyncio.run(measure(contenders.ours(Path(data_dir), sockets, serve), sockets))
    table = [Row(f"sign in and get a snapshot, {sockets} at once", "s", ours.hello_seconds, "", None, 5)]
    channels = contenders.channels(sockets)
    table += _compare(ours, channels.name, asyncio.run(measure(channels, sockets)), sockets)
    socketio = contenders.socketio(sockets)
    if socketio is None:
        return table + _compare(ours, "python-socketio: not installed", None, sockets)
    return table + _compare(ours, socketio.name, asyncio.run(measure(socketio, sockets)), sockets)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    arguments = parser.parse_args()
    print(render(rows(arguments.sockets, arguments.server)))


if __name__ == "__main__":
    main()
