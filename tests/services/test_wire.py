"""Rings between hosts, over a real Redis."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from realtime import doorbell, wire
from realtime.doorbell import Listener
from tests.chaos.installation import Redis
from tests.processes import manage, until, up
from tests.services import private
from tests.services.postgresql import PostgreSQL

SECONDS = 10.0


@pytest.fixture
def redis(tmp_path: Path, settings: Any) -> Iterator[Redis]:
    """A Redis that can be stopped and started again, and is ours."""
    made = Redis(tmp_path)
    try:
        made.start()
    except private.Missing as missing:
        pytest.skip(str(missing))
    settings.REDIS_URL = made.url
    yield made
    made.stop()


@contextmanager
def listening(room: str = "web") -> Iterator[Listener]:
    """A listener that is connected: it has looked at everything."""
    with Listener(room) as listener:
        assert listener.wait(SECONDS) == [b""]
        yield listener


def test_a_ring_of_another_host_is_heard(redis: Redis) -> None:
    with listening() as listener:
        wire.carry("elsewhere", "worker", b"of no concern")
        wire.carry("elsewhere", "web", b"M\0user:1")
        assert listener.wait(SECONDS) == [b"M\0user:1"]


def test_a_ring_of_our_own_host_is_heard_once(redis: Redis) -> None:
    with listening() as listener:
        doorbell.ring("web", b"ours")
        assert listener.wait(SECONDS) == [b"ours"]
        wire.carry("elsewhere", "web", b"theirs")
        assert listener.wait(SECONDS) == [b"theirs"], "and not ours again"


def test_it_hears_again_after_redis_was_away(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    with listening() as listener, caplog.at_level(logging.WARNING, "realtime.wire"):
        redis.stop()
        until(lambda: "not heard" in caplog.text, "it notices that Redis is away")
        for _ in range(2 * wire.MOST_WAITING):
            doorbell.ring("web", b"ours")
        assert b"ours" in listener.wait(SECONDS), "on this host nothing has changed"
        listener.receive_all()
        redis.start()
        assert listener.wait(SECONDS) == [b""], "it looks at everything, for it does not know what it missed"
        until(lambda: heard(listener, b"theirs"), "it hears others again")
    assert caplog.text.count("not heard") == 1


def heard(listener: Listener, message: bytes) -> bool:
    wire.carry("elsewhere", "web", message)
    return message in listener.wait(0.2)


def test_nobody_waits_for_a_redis_that_says_nothing(settings: Any) -> None:
    """Each of these rings would wait for seconds, if it waited."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with Listener("web") as listener:
            for _ in range(2 * wire.MOST_WAITING):
                doorbell.ring("web", b"ours")
            assert b"ours" in listener.wait(SECONDS)


def test_without_redis_there_is_no_wire(settings: Any) -> None:
    settings.REDIS_URL = ""
    assert wire.listener("here", "web", print) is None


def test_a_signal_of_one_host_reaches_the_sockets_of_another(
    postgres: PostgreSQL, redis: Redis, tmp_path: Path
) -> None:
    """Signals are in no table: only the bell brings them."""
    hosts = {"DATABASE_URL": postgres.create("wire"), "REDIS_URL": redis.url}
    other = tmp_path / "other"
    other.mkdir()
    with up("--no-workers", **hosts) as site:
        key = manage("shell", "-v", "0", "-c", ISSUE, data_dir=site.data_dir, **hosts).stdout.strip()
        address = site.address.replace("http", "ws") + "/ws/"
        with connect(address, subprotocols=["shipspeak.v1"]) as client:
            client.send(json.dumps({"type": "hello", "token": key, "streams": {"user": None}}))
            frames = [json.loads(client.recv(SECONDS)) for _ in range(2)]
            stream = frames[0]["user"]["stream"]
            done = manage(
                "shell", "-v", "0", "-c", SEND % stream, data_dir=other, SECRET_KEY="x" * 50, **hosts
            )
            assert done.returncode == 0, done.stderr
            told = json.loads(client.recv(SECONDS))
    assert [frame["type"] for frame in frames] == ["welcome", "snapshot"]
    assert (told["type"], told["name"]) == ("signal", "job.progress")


ISSUE = "from tests.jobs.engine import person; from shipspeak.accounts import api_keys; "
ISSUE += "print(api_keys.issue(person())[1])"
SEND = """
import time
from realtime import signals, wire
for _ in range(50):
    signals.send("%s", "job.progress", {"job": "j", "step": "s"})
    time.sleep(0.05)
"""
