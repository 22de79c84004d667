"""The long-poll: the same as the socket, over HTTP."""

from __future__ import annotations

import asyncio
import time

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from realtime import hub, log, snapshots
from tests.realtime.clients import Socket, person, tell, until

pytestmark = pytest.mark.usefixtures("live")

tell_async = sync_to_async(tell)


def address(stream: str = "user") -> str:
    return f"/api/v1/streams/{stream}/events/"


async def signed_in(name: str = "alice"):
    user, _ = await person(name)
    client = AsyncClient()
    await sync_to_async(client.force_login)(user)
    return user, client


async def test_it_answers_with_a_snapshot_the_first_time() -> None:
    alice, client = await signed_in()
    snapshots.register("user:", "jobs", lambda stream: ["ä"])
    answer = await client.get(address())
    epoch = (await sync_to_async(log.position)(f"user:{alice.pk}")).epoch
    assert answer.status_code == 200
    assert answer.json() == {
        "stream": f"user:{alice.pk}",
        "epoch": epoch,
        "seq": 0,
        "snapshot": {"jobs": ["ä"]},
    }
    assert answer["Cache-Control"] == "no-store"


async def test_it_answers_with_the_very_frames_that_the_socket_brings() -> None:
    alice, client = await signed_in()
    session = client.cookies["sessionid"].value
    stream = f"user:{alice.pk}"
    async with Socket(session) as socket:
        await socket.hello(user=None)
        start = await socket.get("snapshot")
        await tell_async(stream, 3)
        over_socket = [await socket.get("event") for _ in range(3)]
    answer = await client.get(address(stream), {"epoch": start["epoch"], "since": 0})
    assert answer.json() == {"stream": stream, "epoch": start["epoch"], "seq": 3, "events": over_socket}


async def test_it_answers_page_by_page() -> None:
    alice, client = await signed_in()
    await tell_async(f"user:{alice.pk}", 5)
    epoch = (await sync_to_async(log.position)(f"user:{alice.pk}")).epoch
    seqs, since = [], 0
    while len(seqs) < 5:
        answer = (await client.get(address(), {"epoch": epoch, "since": since, "limit": 2})).json()
        seqs += [event["seq"] for event in answer["events"]]
        since = answer["seq"]
    assert seqs == [1, 2, 3, 4, 5]


async def test_it_answers_at_once_without_wait() -> None:
    _, client = await signed_in()
    start = (await client.get(address())).json()
    answer = (await client.get(address(), {"epoch": start["epoch"], "since": 0})).json()
    assert answer["events"] == []
    assert answer["seq"] == 0


async def test_it_waits_for_an_event_and_no_longer() -> None:
    alice, client = await signed_in()
    start = (await client.get(address())).json()
    place = {"epoch": start["epoch"], "since": 0}
    waiting = asyncio.create_task(client.get(address(), place | {"wait": 20}))
    await until(lambda: hub.current()._channels)
    begun = time.monotonic()
    await tell_async(f"user:{alice.pk}")
    answer = (await waiting).json()
    assert time.monotonic() - begun < 5
    assert [event["seq"] for event in answer["events"]] == [1]
    assert not hub.current()._channels
    assert not hub.current()._people


async def test_it_answers_with_nothing_when_nothing_came() -> None:
    _, client = await signed_in()
    start = (await client.get(address())).json()
    answer = (await client.get(address(), {"epoch": start["epoch"], "since": 0, "wait": 0.05})).json()
    assert answer["events"] == []


async def test_it_answers_with_a_snapshot_when_the_stream_begins_anew_while_it_waits() -> None:
    alice, client = await signed_in()
    await tell_async(f"user:{alice.pk}")
    start = (await client.get(address())).json()
    place = {"epoch": start["epoch"], "since": 1, "wait": 20}
    waiting = asyncio.create_task(client.get(address(), place))
    await until(lambda: hub.current()._channels)
    await sync_to_async(log.restart)(f"user:{alice.pk}")
    assert "snapshot" in (await waiting).json()


async def test_it_leaves_when_the_client_leaves() -> None:
    _, client = await signed_in()
    start = (await client.get(address())).json()
    place = {"epoch": start["epoch"], "since": 0, "wait": 20}
    waiting = asyncio.create_task(client.get(address(), place))
    await until(lambda: hub.current()._channels)
    waiting.cancel()
    await until(lambda: not hub.current()._channels)
    assert not hub.current()._people


async def test_it_has_a_limit_of_waiting_requests_for_one_person(settings) -> None:
    settings.WEBSOCKET_MAX_PER_USER = 1
    _, client = await signed_in()
    async with Socket(client.cookies["sessionid"].value) as socket:
        await socket.hello()
        answer = await client.get(address())
    assert answer.status_code == 429
    assert answer["Retry-After"]
    assert answer.json()["code"] == "too_many_connections"


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"wait": "31"}, "wait"),
        ({"wait": "soon"}, "wait"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"epoch": "e", "since": "-1"}, "since"),
        ({"unheard_of": "1"}, "unheard_of"),
    ],
)
async def test_it_refuses_parameters_that_it_does_not_understand(
    parameters: dict[str, str], path: str
) -> None:
    _, client = await signed_in()
    answer = await client.get(address(), parameters)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"
    assert [error["path"] for error in answer.json()["errors"]] == [path]


async def test_it_refuses_who_is_not_signed_in() -> None:
    answer = await AsyncClient().get(address())
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not_signed_in"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}


@pytest.mark.parametrize("stream", ["user:999999", "project:1", "nonsense"])
async def test_it_does_not_tell_of_streams_that_are_anothers(stream: str) -> None:
    _, client = await signed_in()
    answer = await client.get(address(stream))
    assert answer.status_code == 404
    assert answer.json()["code"] == "forbidden"


async def test_it_takes_a_key_in_the_header(settings) -> None:
    settings.REALTIME_AUTHENTICATE = "tests.realtime.test_commands.whose"
    await person("alice")
    answer = await AsyncClient().get(address(), headers={"authorization": "Bearer read alice"})
    assert answer.status_code == 200


async def test_it_takes_get_alone() -> None:
    _, client = await signed_in()
    assert (await client.post(address())).status_code == 405
