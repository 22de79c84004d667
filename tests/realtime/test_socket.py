"""The socket, from hello to goodbye."""

from __future__ import annotations

import json
import time

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import Client

from realtime import conf, doorbell, hints, hub, log, metrics, reader, rights, signals, snapshots
from realtime.models import Stream
from tests.realtime.clients import Socket, person, tell, until

pytestmark = pytest.mark.usefixtures("live")

tell_async = sync_to_async(tell)


async def test_it_welcomes_and_sends_a_snapshot_the_first_time() -> None:
    alice, session = await person()
    snapshots.register("user:", "jobs", lambda stream: [stream])
    snapshots.register("system", "status", lambda stream: "ok")
    async with Socket(session) as socket:
        assert socket.subprotocol == "shipspeak.v1"
        welcome = await socket.hello(user=None)
        snapshot = await socket.get("snapshot")
    assert welcome["user"] == {"id": str(alice.pk), "username": "alice", "stream": f"user:{alice.pk}"}
    assert welcome["protocol"] == "shipspeak.v1"
    assert welcome["heartbeat"] == 25
    assert snapshot["stream"] == f"user:{alice.pk}"
    assert snapshot["state"] == {"jobs": [f"user:{alice.pk}"]}
    assert snapshot["seq"] == 0


async def test_it_brings_events_that_are_published_while_it_is_open() -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        await tell_async(f"user:{alice.pk}", 3)
        events = [await socket.get("event") for _ in range(3)]
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert events[0]["data"] == {"n": 0}


async def test_it_counts_sockets_and_what_they_were_sent() -> None:
    alice, session = await person()
    sent = metrics.events_sent._value.get()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        assert metrics.connections._value.get() == 1
        await tell_async(f"user:{alice.pk}", 2)
        for _ in range(2):
            await socket.get("event")
    assert metrics.events_sent._value.get() == sent + 2
    assert metrics.connections._value.get() == 0


async def test_it_brings_events_that_no_bell_told_of(monkeypatch) -> None:
    monkeypatch.setattr(log.doorbell, "ring", lambda room, message=b"": None)
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        await tell_async(f"user:{alice.pk}")
        assert (await socket.get("event"))["seq"] == 1


async def test_it_needs_no_poll_when_the_bell_rings(monkeypatch) -> None:
    monkeypatch.setattr(reader, "POLL_SECONDS", 3600)
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        await tell_async(f"user:{alice.pk}", 20)
        assert [(await socket.get("event"))["seq"] for _ in range(20)] == list(range(1, 21))


async def test_it_brings_signals() -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        await tell_async(stream)  # once this arrives, the stream is followed
        await socket.get("event")
        signals.send(stream, "job.progress", {"job": "1", "progress": 0.5})
        signal = await socket.get("signal")
    assert signal["name"] == "job.progress"
    assert signal["data"] == {"job": "1", "progress": 0.5}
    assert "seq" not in signal


async def test_it_replays_what_was_missed() -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    await tell_async(stream, 5)
    at = await sync_to_async(log.position)(stream)
    async with Socket(session) as socket:
        await socket.hello(user={"epoch": at.epoch, "seq": 2})
        assert [frame["seq"] for frame in await socket.settled()] == [3, 4, 5]


async def test_it_says_nothing_to_who_has_everything() -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    await tell_async(stream, 5)
    at = await sync_to_async(log.position)(stream)
    async with Socket(session) as socket:
        await socket.hello(user={"epoch": at.epoch, "seq": 5})
        assert await socket.settled() == []


@pytest.mark.parametrize(("epoch", "seq"), [("another", 1), (None, 6)])
async def test_it_sends_a_snapshot_where_it_cannot_replay(epoch: str | None, seq: int) -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    await tell_async(stream, 5)
    at = await sync_to_async(log.position)(stream)
    async with Socket(session) as socket:
        await socket.hello(user={"epoch": epoch or at.epoch, "seq": seq})
        (snapshot,) = await socket.settled()
    assert snapshot == {"type": "snapshot", "stream": stream, "epoch": at.epoch, "seq": 5, "state": {}}


async def test_it_sends_a_snapshot_when_a_stream_begins_a_new_life() -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    async with Socket(session) as socket:
        await socket.hello(user=None)
        first = await socket.get("snapshot")
        await tell_async(stream, 2)
        await socket.get("event")
        await socket.get("event")
        await sync_to_async(log.restart)(stream)
        second = await socket.get("snapshot")
        await tell_async(stream)
        event = await socket.get("event")
    assert second["epoch"] != first["epoch"]
    assert event["seq"] == second["seq"] + 1


async def test_it_serves_two_tabs_alike() -> None:
    alice, session = await person()
    async with Socket(session) as one, Socket(session) as other:
        for tab in (one, other):
            await tab.hello(user=None)
            await tab.get("snapshot")
        await tell_async(f"user:{alice.pk}", 3)
        assert [await one.next() for _ in range(3)] == [await other.next() for _ in range(3)]


async def test_it_tells_everybody_what_is_for_everybody_and_nobody_what_is_anothers() -> None:
    alice, hers = await person("alice")
    _, his = await person("charlie")
    async with Socket(hers) as alices, Socket(his) as charlies:
        for socket in (alices, charlies):
            await socket.hello(user=None, system=None)
            await socket.get("snapshot")
            await socket.get("snapshot")
        await tell_async(f"user:{alice.pk}")
        await tell_async("system", name="announcement.published")
        assert {(await alices.get("event"))["stream"] for _ in range(2)} == {f"user:{alice.pk}", "system"}
        assert (await charlies.get("event"))["stream"] == "system"
        assert await charlies.settled() == []


async def test_it_subscribes_and_unsubscribes_while_it_is_open() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(type="subscribe", stream="system")
        await socket.get("snapshot")
        await tell_async("system")
        await socket.get("event")
        await socket.say(type="unsubscribe", stream="system")
        await socket.settled()
        await tell_async("system")
        assert await socket.settled() == []
        at = await sync_to_async(log.position)("system")
        await socket.say(type="subscribe", stream="system", since={"epoch": at.epoch, "seq": 1})
        assert (await socket.get("event"))["seq"] == 2


async def test_it_says_lagging_to_who_does_not_ack_and_pages_from_where_it_stands() -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    await tell_async(stream)
    at = await sync_to_async(log.position)(stream)
    many = [log.NewEvent(stream, "job.started", {}) for _ in range(1100)]
    await sync_to_async(_publish)(many)
    got = []
    since = 0
    async with Socket(session) as socket:
        await socket.hello()
        while len(got) < 1101:
            await socket.say(type="subscribe", stream="user", since={"epoch": at.epoch, "seq": since})
            while (frame := await socket.next())["type"] == "event":
                got.append(frame["seq"])
                if frame["seq"] == 1101:
                    break
            since = got[-1]
            assert frame["seq"] == since
        await tell_async(stream)
        assert (await socket.get("event"))["seq"] == 1102
    assert got == list(range(1, 1102))


def _publish(news: list[log.NewEvent]) -> None:
    with log.transaction.atomic():
        log.publish_many(news)


async def test_it_says_lagging_when_the_window_is_full_and_goes_on_after_an_ack(settings) -> None:
    alice, session = await person()
    stream = f"user:{alice.pk}"
    async with Socket(session) as socket:
        await socket.hello(user=None)
        snapshot = await socket.get("snapshot")
        await sync_to_async(_publish)([log.NewEvent(stream, "job.started", {}) for _ in range(1002)])
        frames = [await socket.next() for _ in range(1001)]
        assert [frame["type"] for frame in frames] == ["event"] * 1000 + ["lagging"]
        assert frames[-1]["seq"] == 1000
        await socket.say(type="subscribe", stream="user", since={"epoch": snapshot["epoch"], "seq": 1000})
        assert [frame["seq"] for frame in await socket.settled()] == [1001, 1002]


async def test_it_answers_pings_after_what_was_said_before() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.say(type="ping")
        assert (await socket.next())["type"] == "snapshot"
        assert (await socket.next())["type"] == "pong"


async def test_it_takes_acks_for_streams_it_does_not_know() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(type="ack", stream="project:7", seq=3)
        assert await socket.settled() == []


# -- what is refused --------------------------------------------------------------------------------


async def test_it_closes_on_who_is_not_signed_in() -> None:
    async with Socket() as socket:
        await socket.say(type="hello", streams={"user": None})
        assert await socket.closed_with() == ("not_signed_in", 4401)


async def test_it_closes_on_a_session_that_is_no_more() -> None:
    alice, session = await person()
    await sync_to_async(alice.set_password)("another one")
    await alice.asave()
    async with Socket(session) as socket:
        await socket.say(type="hello")
        assert await socket.closed_with() == ("not_signed_in", 4401)


async def test_it_closes_on_an_account_that_was_closed() -> None:
    alice, session = await person()
    await get_user_model().objects.filter(pk=alice.pk).aupdate(is_active=False)
    async with Socket(session) as socket:
        await socket.say(type="hello")
        assert await socket.closed_with() == ("not_signed_in", 4401)


async def test_it_closes_on_a_page_of_another_site_at_once() -> None:
    _, session = await person()
    async with Socket(session, origin=b"http://elsewhere.example") as socket:
        assert await socket.closed_with() == ("foreign_origin", 4403)


async def test_it_takes_no_cookie_without_an_origin() -> None:
    _, session = await person()
    async with Socket(session, origin=None) as socket:
        await socket.say(type="hello")
        assert await socket.closed_with() == ("foreign_origin", 4403)


async def test_it_takes_a_page_of_a_site_that_is_listed(settings) -> None:
    settings.WEBSOCKET_CORS_ORIGINS = ("https://app.example",)
    _, session = await person()
    async with Socket(session, origin=b"https://app.example") as socket:
        assert (await socket.hello())["user"]["username"] == "alice"


@pytest.mark.parametrize("asked", ["user:999999", "project:7", "anything"])
async def test_it_closes_on_who_asks_for_what_is_not_theirs(asked: str) -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.say(type="hello", streams={asked: None})
        assert await socket.closed_with() == ("forbidden", 4403)
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(type="subscribe", stream=asked)
        assert await socket.closed_with() == ("forbidden", 4403)
    assert not await Stream.objects.filter(name=asked).aexists()


async def test_it_lets_other_apps_say_who_may_watch_what() -> None:
    _, session = await person()
    rights.register("project:", lambda user, stream: stream == "project:7" and user.username == "alice")
    async with Socket(session) as socket:
        await socket.hello(**{"project:7": None})
        assert (await socket.get("snapshot"))["stream"] == "project:7"
        await socket.say(type="subscribe", stream="project:8")
        assert await socket.closed_with() == ("forbidden", 4403)


@pytest.mark.parametrize(
    "frame",
    [
        " ",
        "nonsense",
        "[]",
        "1",
        "{}",
        '{"type": "unheard of"}',
        '{"type": "hello", "streams": {"user": {"epoch": "e", "seq": -1}}}',
        '{"type": "hello", "streams": {"user": {"epoch": "e", "seq": "1"}}}',
        '{"type": "hello", "streams": {"NOT A NAME": null}}',
        '{"type": "hello", "extra": 1}',
        '{"type": "hello", "streams": null}',
        '{"type": "ping"}',
        '{"type": "subscribe", "stream": "user"}',
        json.dumps({"type": "hello", "streams": {f"project:{n}": None for n in range(101)}}),
    ],
)
async def test_it_closes_on_a_first_frame_that_is_not_a_hello(frame: str) -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.write(frame)
        assert (await socket.closed_with())[1] == 4400


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "hello"},
        {"type": "ack", "stream": "user"},
        {"type": "ack", "stream": "user", "seq": 2**60},
        {"type": "command", "id": "no uuid", "name": "job.cancel"},
        {"type": "command", "id": "0198c0de-0000-7000-8000-000000000000", "name": "job\0cancel"},
        {"type": "ping", "more": True},
    ],
)
async def test_it_closes_on_a_later_frame_that_is_not_understood(frame: dict) -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(**frame)
        assert (await socket.closed_with())[1] == 4400


async def test_it_closes_on_a_binary_frame() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket._communicator.send_to(bytes_data=b"\x00")
        assert await socket.closed_with() == ("malformed", 4400)


@pytest.mark.parametrize("letter", ["x", "ä"])
async def test_it_closes_on_a_frame_that_is_too_big(letter: str) -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.write(letter * (64 * 1024 // len(letter.encode()) + 1))
        assert await socket.closed_with() == ("too_big", 4413)


async def test_it_closes_on_who_speaks_too_fast() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        for _ in range(300):
            await socket.say(type="ack", stream="user", seq=0)
        assert await socket.closed_with() == ("too_fast", 4429)


async def test_it_closes_on_who_speaks_another_protocol() -> None:
    async with Socket(subprotocols=["shipspeak.v2"]) as socket:
        assert socket.subprotocol is None
        assert await socket.closed_with() == ("unknown_protocol", 4400)


async def test_it_takes_a_client_that_names_no_protocol() -> None:
    _, session = await person()
    async with Socket(session, subprotocols=[]) as socket:
        assert (await socket.hello())["protocol"] == "shipspeak.v1"


async def test_it_refuses_a_handshake_at_another_address() -> None:
    async with Socket(path="/ws/other/") as socket:
        assert not socket.accepted


async def test_it_has_a_limit_for_one_person(settings) -> None:
    settings.WEBSOCKET_MAX_PER_USER = 2
    _, session = await person()
    async with Socket(session) as one, Socket(session) as two, Socket(session) as three:
        await one.hello()
        await two.hello()
        await three.say(type="hello")
        assert await three.closed_with() == ("too_many_connections", 4409)
    async with Socket(session) as again:
        await until(lambda: not hub.current()._people)
        await again.hello()


async def test_it_has_a_limit_for_all(settings) -> None:
    settings.WEBSOCKET_MAX_CONNECTIONS = 1
    _, session = await person()
    async with Socket(session) as one, Socket(session) as two:
        await one.hello()
        await two.say(type="hello")
        assert await two.closed_with() == ("server_full", 4409)


async def test_nobody_keeps_others_out_by_sockets_that_say_nothing(monkeypatch) -> None:
    _, session = await person()
    async with Socket() as first, Socket(session) as quick, Socket() as third:
        monkeypatch.setattr(hub.current(), "limits", conf.Limits(max_strangers=2))
        await quick.hello()
        async with Socket() as fourth:
            assert await first.closed_with() == ("no_hello", 4408)
            assert await quick.settled() == []
            async with Socket(session) as fifth:
                assert await third.closed_with() == ("no_hello", 4408)
                await fifth.hello()
            assert await fourth.nothing(0.05)


async def test_it_closes_on_who_does_not_say_hello() -> None:
    async with Socket() as socket:
        (server_side,) = hub.current().sockets
        server_side.deadline = time.monotonic() - 1
        assert await socket.closed_with() == ("no_hello", 4408)


async def test_it_closes_on_who_falls_silent(settings) -> None:
    settings.WEBSOCKET_PING_INTERVAL = 0.2
    settings.WEBSOCKET_CONNECTION_TIMEOUT = 0.3
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        assert await socket.closed_with() == ("silent", 4408)


async def test_it_gives_a_client_that_pings_all_its_time_anew() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        (server_side,) = hub.current().sockets
        server_side.deadline = time.monotonic()
        await socket.settled()
        assert server_side.deadline > time.monotonic() + 50


async def test_it_closes_with_4500_when_something_of_ours_breaks(caplog) -> None:
    _, session = await person()
    snapshots.register("user:", "broken", lambda stream: 1 // 0)
    async with Socket(session) as socket:
        await socket.say(type="hello", streams={"user": None})
        assert await socket.closed_with() == ("internal", 4500)
    assert "ZeroDivisionError" in caplog.text


async def test_it_closes_with_4500_when_a_stream_cannot_be_read_again(caplog) -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        snapshots.register("user:", "broken", lambda stream: 1 // 0)
        await sync_to_async(log.restart)("user:1")
        (server_side,) = hub.current().sockets
        (subscription,) = server_side._subscriptions.values()
        subscription.epoch = "another"
        subscription.restart()
        assert await socket.closed_with() == ("internal", 4500)


# -- signing out ------------------------------------------------------------------------------------


async def test_it_closes_when_its_session_signs_out_and_only_then() -> None:
    alice, session = await person()
    browser = Client()
    await sync_to_async(browser.force_login)(alice)
    async with Socket(session) as this, Socket(browser.session.session_key) as other:
        await this.hello()
        await other.hello()
        await sync_to_async(browser.logout)()
        assert await other.closed_with() == ("signed_out", 4401)
        assert await this.settled() == []


async def test_it_looks_again_who_is_there_at_a_ping_after_a_while() -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await get_user_model().objects.filter(pk=alice.pk).aupdate(is_active=False)
        assert await socket.settled() == []
        (server_side,) = hub.current().sockets
        server_side._checked -= 61
        await socket.say(type="ping")
        assert await socket.closed_with() == ("not_signed_in", 4401)


@pytest.mark.parametrize(
    "frame", [{"type": "ack", "stream": "user", "seq": 0}, {"type": "unsubscribe", "stream": "system"}]
)
async def test_it_looks_again_who_is_there_also_when_a_client_never_pings(frame: dict) -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await get_user_model().objects.filter(pk=alice.pk).aupdate(is_active=False)
        (server_side,) = hub.current().sockets
        server_side._checked -= 61
        await socket.say(**frame)
        assert await socket.closed_with() == ("not_signed_in", 4401)


async def test_it_looks_again_who_is_there_at_every_subscription() -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await get_user_model().objects.filter(pk=alice.pk).aupdate(is_active=False)
        await socket.say(type="subscribe", stream="user")
        assert await socket.closed_with() == ("not_signed_in", 4401)


# -- the end ----------------------------------------------------------------------------------------


async def test_it_leaves_nothing_behind_when_a_client_goes() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None, system=None)
        await socket.settled()
        assert hub.current()._channels
    await until(lambda: not hub.current().sockets)
    assert not hub.current()._channels
    assert not hub.current()._people
    await until(lambda: not hub.current()._reader._followed)


async def test_it_says_goodbye() -> None:
    _, session = await person()
    async with Socket(session) as one, Socket(session) as other:
        await one.hello()
        await other.hello()
        hub.current().say_going_away()
        for socket in (one, other):
            assert 250 <= (await socket.get("going_away"))["reconnect_in_ms"] <= 4000


async def test_it_does_not_mind_hints_that_make_no_sense() -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        for message in (b"", b"\xff", b"M", b"S", hints.Moved(("user:0", "nobody")).encode()):
            doorbell.ring(log.ROOM, message)
        await tell_async(f"user:{alice.pk}")
        assert (await socket.get("event"))["seq"] == 1
