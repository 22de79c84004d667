"""The socket on real servers, with writers in other processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.processes import ROOT, environment, free_port, manage, until
from tests.realtime.clients import PATIENCE

pytestmark = pytest.mark.processes

COMMANDS = {
    "daphne": "-m daphne -v0 -b 127.0.0.1 -p {port} shipspeak.asgi:application",
    "uvicorn": "-m uvicorn --log-level warning --port {port} shipspeak.asgi:application",
}


@dataclass
class Server:
    """A web server on a data directory of its own."""

    data_dir: Path
    kind: str
    port: int
    process: subprocess.Popen[bytes]

    def outside(self, *arguments: str) -> Any:
        """Has another process do something; gives what it printed."""
        command = [sys.executable, "-m", "tests.realtime.outside", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(self.data_dir, {}), check=True, stdout=subprocess.PIPE
        )
        return json.loads(done.stdout)

    def connect(self, session: str) -> connect:
        """A client's connection."""
        address = f"127.0.0.1:{self.port}"
        return connect(
            f"ws://{address}/ws/",
            origin=f"http://{address}",
            subprotocols=["shipspeak.v1"],
            additional_headers={"Cookie": f"sessionid={session}"},
            open_timeout=PATIENCE,
        )

    def restart(self) -> None:
        """Starts it again on the same port."""
        self.process = start(self.kind, self.data_dir, self.port)


def start(kind: str, data_dir: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, *COMMANDS[kind].format(port=port).split()]
    with (data_dir / "server.log").open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(data_dir, {}), stdout=output, stderr=output
        )
    until(lambda: is_open(port), f"{kind} answers", tell=(data_dir / "server.log").read_text)
    return process


def is_open(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated data directory for all tests here."""
    path = tmp_path_factory.mktemp("server")
    assert manage("migrate", "-v0", data_dir=path).returncode == 0
    return path


@pytest.fixture(params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Server]:
    """A running server of each kind."""
    port = free_port()
    running = Server(data_dir, request.param, port, start(request.param, data_dir, port))
    yield running
    running.process.kill()
    running.process.wait()


async def get(socket: ClientConnection, kind: str) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    assert frame["type"] == kind, frame
    return frame


async def hello(socket: ClientConnection, since: dict[str, Any] | None = None) -> None:
    await socket.send(json.dumps({"type": "hello", "streams": {"user": since}}))
    await get(socket, "welcome")


async def test_it_brings_what_another_process_publishes_and_replays_after_a_kill(server: Server) -> None:
    person = await asyncio.to_thread(server.outside, "person", f"alice-{server.kind}")
    async with server.connect(person["session"]) as socket:
        assert socket.subprotocol == "shipspeak.v1"
        await hello(socket)
        start = await get(socket, "snapshot")
        await asyncio.to_thread(server.outside, "publish", person["stream"], "3")
        assert [(await get(socket, "event"))["seq"] for _ in range(3)] == [1, 2, 3]
        server.process.kill()
        server.process.wait()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), PATIENCE)
    await asyncio.to_thread(server.outside, "publish", person["stream"], "2")  # rings at a dead listener
    await asyncio.to_thread(server.restart)
    async with server.connect(person["session"]) as socket:
        await hello(socket, {"epoch": start["epoch"], "seq": 3})
        assert [(await get(socket, "event"))["seq"] for _ in range(2)] == [4, 5]
        await asyncio.to_thread(server.outside, "publish", person["stream"], "1")
        assert (await get(socket, "event"))["seq"] == 6


async def test_it_says_goodbye_before_it_stops(server: Server) -> None:
    person = await asyncio.to_thread(server.outside, "person", f"bob-{server.kind}")
    async with server.connect(person["session"]) as socket:
        await hello(socket)
        await get(socket, "snapshot")
        server.process.terminate()
        assert (await get(socket, "going_away"))["reconnect_in_ms"] > 0
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), PATIENCE)
    await asyncio.to_thread(server.process.wait, PATIENCE * 2)
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


async def test_it_closes_with_the_reason_and_the_code(server: Server) -> None:
    async with server.connect("nobody's") as socket:
        await socket.send(json.dumps({"type": "hello"}))
        assert (await get(socket, "error"))["code"] == "not_signed_in"
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
