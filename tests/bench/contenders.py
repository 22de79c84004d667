"""Who runs: our server and its peers, each with the way to connect to it, to publish, and to read."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from tests.bench.sockets import Client, handshake

ROOT = Path(__file__).resolve().parents[2]
Order = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """A server under load.

    Attributes:
        name: for the table.
        command: starts it on a port.
        environment: what it needs besides ours.
        request: the handshake of client number n, on a port.
        hello: what a client says to sign in and get the state of things; None where there is no such thing.
        heard: takes a frame: a number is the moment it tells of (ns), True says that the client is ready,
            None is nothing of ours.
        publish: has an order carried out, on a port: ``people`` (to how many of them, each event to one;
            0 means to all at once), ``rate`` (events a second), ``seconds``.
    """

    name: str
    command: Callable[[int], Sequence[str]]
    environment: dict[str, str]
    request: Callable[[int, int], bytes]
    hello: str | None
    heard: Callable[[Client, bytes], int | bool | None]
    publish: Callable[[int, Order], None]


def daphne(port: int, application: str) -> list[str]:
    """The command that serves an application on daphne, with room for many to connect at once."""
    endpoint = f"tcp:port={port}:interface=127.0.0.1:backlog=2048"
    return [sys.executable, "-m", "daphne", "-v0", "-e", endpoint, application]


def uvicorn(port: int, application: str) -> list[str]:
    """The command that serves an application on uvicorn."""
    arguments = ["--port", str(port), "--backlog", "2048", "--log-level", "critical"]
    return [sys.executable, "-m", "uvicorn", *arguments, application]


def ours(data_dir: Path, people: int, server: Callable[..., list[str]] = daphne) -> Contender:
    """ShipSpeak itself, with a fresh database and that many people signed in."""
    environment = {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "shipspeak.settings"}
    _run(environment, "manage.py", "migrate", "-v0")
    made = json.loads(_run(environment, "-m", "tests.bench.make_people", str(people)))
    hello = json.dumps({"type": "hello", "streams": {"user": None, "system": None}})

    def publish(port: int, order: Order) -> None:
        streams = [stream for _, stream in made[: order["people"]]] or ["system"]
        command = [
            sys.executable,
            "-m",
            "tests.bench.publish_events",
            json.dumps(order | {"streams": streams}),
        ]
        subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL)

    return Contender(
        name=f"ShipSpeak on {server.__name__}",
        command=lambda port: server(port, "shipspeak.asgi:application"),
        environment=environment,
        request=lambda port, n: handshake(port, "/ws/", {"Cookie": f"sessionid={made[n][0]}"}),
        hello=hello,
        heard=_heard_of_ours,
        publish=publish,
    )


def _heard_of_ours(client: Client, payload: bytes) -> int | bool | None:
    if payload.startswith(b'{"type":"event"'):
        moment: int = json.loads(payload)["data"]["t"]
        return moment
    client.seen += payload.startswith(b'{"type":"snapshot"')
    return client.seen == 2 or None


def channels(people: int) -> Contender:
    """Channels with its in-memory layer, on daphne."""
    return Contender(
        name="Channels group_send, in memory, daphne",
        command=lambda port: daphne(port, "tests.bench.peers.channels_memory:application"),
        environment={},
        request=lambda port, n: handshake(port, f"/user-{n}", {}),
        hello=None,
        heard=lambda client, payload: json.loads(payload).get("t", True),
        publish=_trigger,
    )


def socketio(people: int) -> Contender | None:
    """python-socketio on uvicorn; None when it is not installed."""
    if importlib.util.find_spec("socketio") is None:
        return None
    path = "/socket.io/?EIO=4&transport=websocket&room=user-{}"
    return Contender(
        name="python-socketio, in memory, uvicorn",
        command=lambda port: uvicorn(port, "tests.bench.peers.socketio_memory:application"),
        environment={},
        request=lambda port, n: handshake(port, path.format(n), {}),
        hello=None,
        heard=_heard_of_socketio,
        publish=_trigger,
    )


def _heard_of_socketio(client: Client, payload: bytes) -> int | bool | None:
    if payload.startswith(b"42"):
        moment: int = json.loads(payload[2:])[1]["t"]
        return moment
    if payload.startswith(b"40"):
        return True
    client.say("40" if payload.startswith(b"0") else "3")  # opens its namespace; answers its ping
    return None


def _trigger(port: int, order: Order) -> None:
    with urlopen(f"http://127.0.0.1:{port}/?{quote(json.dumps(order))}") as response:
        response.read()


def _run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
