"""The promise of the whole: a snapshot and the events after it are the same as a fresh snapshot."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, transaction

from realtime import log, snapshots
from tests.realtime.clients import PATIENCE, Socket, person, tell

pytestmark = pytest.mark.usefixtures("live")

COUNTERS = ("a", "b", "c")


def counters(stream: str) -> dict[str, int]:
    """The state: rows that writers change. Groups stand in for jobs."""
    return {name: int(value) for name, value in (row.name.split() for row in Group.objects.all())}


def change(stream: str, name: str, chance: random.Random) -> None:
    """Changes a row and tells it, in one transaction; some transactions fail."""
    with transaction.atomic():
        row = Group.objects.select_for_update().get(name__startswith=f"{name} ")
        value = int(row.name.split()[1]) + 1
        Group.objects.filter(pk=row.pk).update(name=f"{name} {value}")
        log.publish(stream, "counter.changed", {"name": name, "value": value})
        if chance.random() < 0.2:
            transaction.set_rollback(True)


def write(stream: str, seed: int, number: int) -> None:
    """A writer, in a thread of its own."""
    chance = random.Random(seed)
    for _ in range(number):
        change(stream, chance.choice(COUNTERS), chance)
    connection.close()


class Copy:
    """A client's copy of the state, kept as the protocol tells to."""

    def __init__(self) -> None:
        self.state: dict[str, int] = {}
        self.at: dict[str, Any] | None = None
        self.events: list[int] = []

    def apply(self, frame: dict[str, Any]) -> None:
        """Takes a frame; an event must be the next one."""
        if frame["type"] == "snapshot":
            self.state = frame["state"]["counters"]
            self.at = {"epoch": frame["epoch"], "seq": frame["seq"]}
        elif frame["type"] == "event":
            assert self.at is not None
            assert frame["seq"] == self.at["seq"] + 1
            self.at["seq"] = frame["seq"]
            self.events.append(frame["seq"])
            self.state[frame["data"]["name"]] = frame["data"]["value"]

    async def watch(self, session: str, seconds: float) -> None:
        """Connects, takes what comes for a while, and is cut off."""
        async with Socket(session) as socket:
            await socket.hello(user=self.at)
            await asyncio.sleep(seconds)
            for frame in await socket.settled():
                self.apply(frame)


async def test_it_misses_no_change_made_while_a_snapshot_is_taken() -> None:
    _, session = await person()
    await Group.objects.abulk_create([Group(name=f"{name} 0") for name in COUNTERS])

    def meddled(stream: str) -> dict[str, int]:
        state = counters(stream)
        change(stream, "a", random.Random(2))  # one that commits
        return state

    snapshots.register("user:", "counters", meddled)
    copy = Copy()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        copy.apply(await socket.get("snapshot"))
        copy.apply(await socket.get("event"))
    assert copy.state == {"a": 1, "b": 0, "c": 0}


async def test_it_misses_no_event_that_the_others_got_while_it_was_reading() -> None:
    """The stream is followed already: its reader has passed the event when the new socket joins."""
    alice, session = await person()
    stream = f"user:{alice.pk}"
    async with Socket(session) as early, Socket(session) as late:
        await early.hello(user=None)
        await early.get("snapshot")
        loop = asyncio.get_running_loop()

        def meddled(stream: str) -> None:
            tell(stream)
            asyncio.run_coroutine_threadsafe(early.get("event"), loop).result(PATIENCE)

        snapshots.register("user:", "meddled", meddled)
        await late.hello(user=None)
        await late.get("snapshot")
        assert (await late.get("event"))["seq"] == 1
        await sync_to_async(tell)(stream)
        assert [(await socket.get("event"))["seq"] for socket in (early, late)] == [2, 2]


@pytest.mark.parametrize("seed", range(6))
async def test_it_leads_to_the_same_state_whenever_a_client_comes_and_goes(seed: int) -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    await Group.objects.abulk_create([Group(name=f"{name} 0") for name in COUNTERS])
    snapshots.register("user:", "counters", counters)
    writers = [threading.Thread(target=write, args=(stream, seed * 10 + n, 40)) for n in range(2)]
    for writer in writers:
        writer.start()
    chance = random.Random(seed)
    steady, comer = Copy(), Copy()

    async def come_and_go() -> None:
        while any(writer.is_alive() for writer in writers):
            await comer.watch(session, chance.random() * 0.03)

    async with Socket(session) as socket:
        await socket.hello(user=None)
        await come_and_go()
        for frame in await socket.settled():
            steady.apply(frame)
    for writer in writers:
        await asyncio.to_thread(writer.join)
    for copy in (steady, comer):
        await copy.watch(session, 0)  # the last words
    truth = await sync_to_async(counters)(stream)
    assert sum(truth.values()) > 40
    assert steady.state == truth
    assert comer.state == truth
