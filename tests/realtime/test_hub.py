"""The hub: who gets what, and what it lets others do meanwhile."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from realtime import hub as hubs
from realtime import log, reader, signals
from realtime.log import Position
from tests.realtime.clients import tell, until

pytestmark = pytest.mark.usefixtures("live")


class Watcher:
    """A subscriber that writes down what it gets."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.keys: list[str] = []
        self.restarts = 0

    def deliver(self, seq: int, message: Any, size: int) -> None:
        """An event."""
        self.seqs.append(seq)

    def signal(self, key: str, message: Any) -> None:
        """A signal."""
        self.keys.append(key)

    def restart(self) -> None:
        """A new life."""
        self.restarts += 1


async def here(stream: str) -> Position:
    return await sync_to_async(log.position)(stream)


async def test_it_brings_every_event_of_a_stream_to_every_subscriber() -> None:
    hub, watchers = hubs.current(), [Watcher(), Watcher()]
    place = await here("user:1")
    for watcher in watchers:
        assert hub.join("user:1", watcher, place)
    await sync_to_async(tell)("user:1", 5)
    await until(lambda: all(watcher.seqs == [1, 2, 3, 4, 5] for watcher in watchers))


async def test_it_brings_what_was_published_before_it_followed() -> None:
    place = await here("user:1")
    await sync_to_async(tell)("user:1", 3)
    watcher = Watcher()
    assert hubs.current().join("user:1", watcher, place)
    await until(lambda: watcher.seqs == [1, 2, 3])


async def test_it_says_who_has_missed_something() -> None:
    hub, early, late = hubs.current(), Watcher(), Watcher()
    place = await here("user:1")
    hub.join("user:1", early, place)
    await sync_to_async(tell)("user:1")
    await until(lambda: early.seqs == [1])
    assert not hub.join("user:1", late, place)


async def test_it_has_everybody_read_again_when_they_stand_in_different_lives() -> None:
    hub, old, new = hubs.current(), Watcher(), Watcher()
    hub.join("user:1", old, await here("user:1"))
    assert not hub.join("user:1", new, Position("another", 0))
    assert old.restarts == 1
    place = await here("user:1")
    assert hub.join("user:1", old, place)
    assert hub.join("user:1", new, place)


async def test_it_brings_nothing_to_who_has_left() -> None:
    hub, gone, other = hubs.current(), Watcher(), Watcher()
    place = await here("user:1")
    for watcher in (gone, other):
        hub.join("user:1", watcher, place)
    hub.leave("user:1", gone)
    hub.leave("user:1", gone)
    await sync_to_async(tell)("user:1")
    await until(lambda: other.seqs == [1])
    assert gone.seqs == []


async def test_it_reads_more_than_a_page_without_a_gap(monkeypatch) -> None:
    monkeypatch.setattr(reader, "_ROWS", 7)
    hub = hubs.current()
    watchers = {f"user:{n}": Watcher() for n in range(20)}
    for stream, watcher in watchers.items():
        hub.join(stream, watcher, await here(stream))
    news = [log.NewEvent(stream, "job.started", {}) for stream in watchers for _ in range(5)]

    def publish() -> None:
        with log.transaction.atomic():
            log.publish_many(news)

    await sync_to_async(publish)()
    await until(lambda: all(watcher.seqs == [1, 2, 3, 4, 5] for watcher in watchers.values()))


async def test_it_misses_nothing_when_more_ring_than_can_be_heard() -> None:
    """Far more streams move at once than datagrams wait at a socket; the poll is switched off."""
    hub = hubs.current()
    watchers = {f"user:{n}": Watcher() for n in range(60)}
    for stream, watcher in watchers.items():
        hub.join(stream, watcher, await here(stream))
    await until(lambda: len(hub._reader._followed) == 60)

    def publish(n: int) -> None:
        tell(f"user:{n}")
        connection.close()

    writers = [threading.Thread(target=publish, args=(n,)) for n in range(60)]
    for writer in writers:
        writer.start()
    for writer in writers:
        await asyncio.to_thread(writer.join)
    await until(lambda: all(watcher.seqs == [1] for watcher in watchers.values()))


async def test_it_lets_others_run_during_a_long_fan_out(monkeypatch) -> None:
    monkeypatch.setattr(hubs, "SLICE_SECONDS", 0)
    hub, watcher, turns = hubs.current(), Watcher(), []
    hub.join("user:1", watcher, await here("user:1"))

    class Slow(Watcher):
        def deliver(self, seq: int, message: Any, size: int) -> None:
            turns.append("event")
            asyncio.get_running_loop().call_soon(turns.append, "other")

    hub.join("user:1", Slow(), await here("user:1"))
    await sync_to_async(_publish_ten)()
    await until(lambda: watcher.seqs == list(range(1, 11)))
    await until(lambda: len(turns) == 20)
    assert "other" in turns[: turns.index("event", 5)]


def _publish_ten() -> None:
    with log.transaction.atomic():
        log.publish_many(log.NewEvent("user:1", "job.started", {}) for _ in range(10))


async def test_it_brings_signals_to_who_watches_and_to_nobody_else() -> None:
    hub, watcher, other = hubs.current(), Watcher(), Watcher()
    hub.join("user:1", watcher, await here("user:1"))
    hub.join("user:2", other, await here("user:2"))
    await until(lambda: len(hub._reader._followed) == 2)
    signals.send("user:1", "job.progress", {"job": "j", "step": "s"})
    await until(lambda: watcher.keys == ["user:1 job.progress j s"])
    assert other.keys == []


async def test_it_goes_on_after_the_database_was_away(monkeypatch, caplog) -> None:
    hub, watcher = hubs.current(), Watcher()
    hub.join("user:1", watcher, await here("user:1"))
    await until(lambda: hub._reader._followed)
    failures = []
    works = reader._rows

    def fails(sql: str, parameters: Any) -> Any:
        if len(failures) < 2:
            failures.append(sql)
            raise reader.DatabaseError("away")
        return works(sql, parameters)

    monkeypatch.setattr(reader, "_rows", fails)
    await sync_to_async(tell)("user:1")
    await until(lambda: watcher.seqs == [1])
    assert "cannot be read" in caplog.text


async def test_it_is_one_for_a_loop_and_ends_when_told_to() -> None:
    hub = hubs.current()
    assert hubs.current() is hub
    await hub.close()
    assert not hubs.running()
    assert not hub._reader._thread.is_alive()
    assert hubs.current() is not hub
