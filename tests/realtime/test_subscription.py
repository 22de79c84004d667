"""A socket's place in a stream: order, doubles, gaps, and the window."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from realtime.conf import Limits
from realtime.log import Position
from realtime.outlet import Outlet
from realtime.subscription import Subscription
from tests.realtime.fakes import EPOCH, Wire, event, replay, snapshot


class Place:
    """A subscription on a wire."""

    def __init__(self, **limits: int) -> None:
        self.wire = Wire()
        self.recoveries: list[Position] = []
        outlet = Outlet(self.wire.send, asyncio.get_running_loop(), 1000)
        self.subscription = Subscription("user:1", outlet, replace(Limits(), **limits), self._recover)

    def _recover(self, subscription: Subscription) -> None:
        self.recoveries.append(subscription.position)

    @property
    def told(self) -> list[object]:
        """The numbers of the events that were handed on; other frames by their type."""
        return [frame["seq"] if frame["type"] == "event" else frame["type"] for frame in self.wire.frames]


async def test_it_replays_and_goes_on() -> None:
    place = Place()
    place.subscription.settle(replay(2, 4), place.subscription.begin())
    place.subscription.deliver(*event(5))
    assert place.told == [3, 4, 5]


async def test_it_hands_on_no_event_twice() -> None:
    place = Place()
    place.subscription.settle(replay(0, 4), place.subscription.begin())
    for seq in (3, 4, 5, 5, 1):
        place.subscription.deliver(*event(seq))
    assert place.told == [1, 2, 3, 4, 5]


async def test_it_keeps_what_comes_while_the_log_is_read() -> None:
    place = Place()
    turn = place.subscription.begin()
    for seq in (4, 5, 6):
        place.subscription.deliver(*event(seq))
    assert place.told == []
    place.subscription.settle(snapshot(4), turn)
    assert place.told == ["snapshot", 5, 6]


async def test_it_has_the_log_read_again_after_a_gap() -> None:
    place = Place()
    place.subscription.settle(replay(0, 1), place.subscription.begin())
    place.subscription.deliver(*event(4))
    place.subscription.deliver(*event(5))
    assert place.recoveries == [Position(EPOCH, 1)]
    place.subscription.settle(replay(1, 4), place.subscription.turn)
    place.subscription.deliver(*event(5))
    place.subscription.deliver(*event(6))
    assert place.told == [1, 2, 3, 4, 5, 6]


async def test_it_has_no_use_for_a_reading_of_an_earlier_turn() -> None:
    place = Place()
    early = place.subscription.begin()
    late = place.subscription.begin()
    assert place.subscription.settle(replay(5, 6), late)
    assert not place.subscription.settle(replay(0, 6), early)
    assert place.told == [6]


async def test_it_sends_a_window_full_and_then_says_lagging_once() -> None:
    place = Place(window_events=3)
    place.subscription.settle(snapshot(0), place.subscription.begin())
    for seq in range(1, 7):
        place.subscription.deliver(*event(seq))
    assert place.told == ["snapshot", 1, 2, 3, "lagging"]
    assert place.wire.frames[-1] == {"type": "lagging", "stream": "user:1", "seq": 3}
    assert place.recoveries == []


async def test_it_counts_bytes_too() -> None:
    place = Place(window_bytes=event(1)[2] * 2)
    place.subscription.settle(snapshot(0), place.subscription.begin())
    for seq in range(1, 5):
        place.subscription.deliver(*event(seq))
    assert place.told == ["snapshot", 1, 2, "lagging"]


async def test_it_goes_on_as_long_as_the_client_keeps_up() -> None:
    place = Place(window_events=3, window_bytes=event(1)[2] * 3)
    place.subscription.settle(snapshot(0), place.subscription.begin())
    for seq in range(1, 100):
        place.subscription.deliver(*event(seq))
        place.subscription.ack(seq - 1)
    assert place.told == ["snapshot", *range(1, 100)]


@pytest.mark.parametrize("seq", [10, 0])
async def test_it_does_not_mind_an_ack_of_what_was_not_sent(seq: int) -> None:
    place = Place(window_events=2)
    place.subscription.settle(snapshot(0), place.subscription.begin())
    place.subscription.deliver(*event(1))
    place.subscription.ack(seq)
    place.subscription.deliver(*event(2))
    assert place.told == ["snapshot", 1, 2]


async def test_it_pages_a_long_replay_by_the_client_subscribing_again() -> None:
    place = Place(window_events=3)
    place.subscription.settle(replay(0, 3, more=True), place.subscription.begin())
    assert place.told == [1, 2, 3, "lagging"]
    place.subscription.settle(replay(3, 5), place.subscription.begin())
    place.subscription.deliver(*event(6))
    assert place.told[4:] == [4, 5, 6]


async def test_it_reads_again_when_more_came_meanwhile_than_it_keeps() -> None:
    place = Place(window_events=3)
    turn = place.subscription.begin()
    for seq in range(1, 12):
        place.subscription.deliver(*event(seq))
    place.subscription.settle(snapshot(0), turn)
    assert place.told == ["snapshot"]
    assert place.recoveries == [Position(EPOCH, 0)]


async def test_it_stands_in_the_new_life_after_a_restart() -> None:
    place = Place()
    place.subscription.settle(replay(0, 9), place.subscription.begin())
    place.subscription.restart()
    place.subscription.settle(snapshot(2, "second"), place.subscription.turn)
    place.subscription.deliver(*event(3))
    assert place.subscription.position == Position("second", 3)
    assert place.told[9:] == ["snapshot", 3]


@pytest.mark.parametrize("seed", range(50))
async def test_it_hands_on_every_event_once_and_in_order_whatever_gets_lost(seed: int) -> None:
    """The hub loses, doubles and delays; the log is read at any time; the client acks or does not."""
    chance = random.Random(seed)
    place = Place(window_events=8)
    head = 0
    place.subscription.settle(snapshot(0), place.subscription.begin())
    for _ in range(300):
        what = chance.random()
        if what < 0.5:
            head += 1
            if chance.random() < 0.9:
                place.subscription.deliver(*event(head))
        elif what < 0.6 and head:
            place.subscription.deliver(*event(chance.randint(1, head)))
        elif what < 0.8:
            place.subscription.ack(place.subscription.seq)
        elif what < 0.9 and place.subscription.lagging:
            at = place.subscription.seq
            place.subscription.settle(
                replay(at, min(head, at + 5), head > at + 5), place.subscription.begin()
            )
        elif place.recoveries:
            place.recoveries.clear()
            at = place.subscription.seq
            place.subscription.settle(replay(at, head), place.subscription.turn)
    events = [seq for seq in place.told if isinstance(seq, int)]
    assert events == list(range(1, len(events) + 1))
    assert len(events) > 20
