"""The AsyncAPI document: sound by itself, and true of what really goes over a socket."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from jobs import actions, pausing, resumable
from jobs.errors import ProviderUnavailable
from jobs.kinds import registry
from jobs.models import Job
from jobs.uploads import take_in
from notifications import feed
from notifications.models import Notification
from realtime import doorbell, hints, protocol
from realtime.models import Event
from shipspeak import asyncapi
from shipspeak.socket_news import EVENTS, SIGNALS
from tests.jobs.engine import claim, drain_until, job, person, settle
from tests.jobs.filing import CONTENT, FILING
from tests.realtime.clients import Socket, signed_in


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi.document("example.org", is_secure=True)


def checker(document: dict[str, Any], message: str) -> Draft202012Validator:
    found = Registry().with_resource("urn:document", Resource.opaque(document))
    return Draft202012Validator(
        {"$ref": f"urn:document#/components/messages/{message}/payload"}, registry=found
    )


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_it_is_served_beside_the_other_one(client: Client) -> None:
    answer = client.get("/api/asyncapi/")
    assert answer.status_code == 200
    assert answer.json()["asyncapi"] == "3.0.0"
    assert answer.json()["servers"]["site"]["host"] == "testserver"
    assert client.post("/api/asyncapi/").status_code == 405


def test_each_part_that_it_refers_to_is_there(document: dict[str, Any]) -> None:
    for reference in references(document):
        found: Any = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        assert found


def test_each_schema_is_a_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_each_message_goes_one_way(document: dict[str, Any]) -> None:
    ways = [
        {one["$ref"].rpartition("/")[2] for one in way["messages"]} for way in document["operations"].values()
    ]
    assert ways[0] & ways[1] == set()
    assert (
        ways[0] | ways[1]
        == set(document["components"]["messages"])
        == set(document["channels"]["socket"]["messages"])
    )
    assert ways[0] == {"hello", "subscribe", "unsubscribe", "command", "ack", "ping"}


def test_every_frame_that_there_is_stands_in_it() -> None:
    frames = {
        one
        for one in vars(protocol).values()
        if isinstance(one, type) and "type" in getattr(one, "model_fields", ())
    }
    assert frames == {*asyncapi.FROM_CLIENT, *asyncapi.FROM_SERVER, protocol.EventFrame, protocol.SignalFrame}


@pytest.fixture
def signals_sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    def ring(room: str, message: bytes = b"") -> None:
        hint = hints.decode(message) if room == "web" else None
        if isinstance(hint, hints.Signal):
            sent.append(json.loads(hint.frame))

    monkeypatch.setattr(doorbell, "ring", ring)
    return sent


def everything_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is told of, in the life of some jobs."""
    monkeypatch.setitem(registry._kinds, FILING.name, FILING)
    alice = person()
    take_in(alice, SimpleUploadedFile("a.txt", CONTENT))
    row = resumable.begin(alice, len(CONTENT), "b.txt")
    resumable.append(row, 0, SimpleUploadedFile("b", CONTENT))
    first = job("chain")
    actions.reprioritise(first, "high")
    (claimed,) = claim(1)
    settle(claimed, ProviderUnavailable())
    actions.cancel(first)
    actions.retry(first)
    drain_until(lambda: Job.objects.filter(pk=first.pk, status="completed").exists())
    job("slow", run_at=timezone.now() + timedelta(hours=1))
    failing = job("flaky", input={"permanent": True})
    drain_until(lambda: Job.objects.filter(pk=failing.pk, status="failed").exists())
    for _ in range(3):
        job("noop")
    feed_id = Notification.objects.filter(recipient=alice).values_list("pk", flat=True).first()
    assert feed_id
    from django.db import transaction

    with transaction.atomic():
        feed.tell_read(alice.pk, id=feed_id)
        feed.tell_read(alice.pk, up_to=feed_id)
    pausing.pause(refuse_new=True)
    pausing.resume()


@pytest.mark.django_db(transaction=True)
def test_all_that_is_told_is_as_it_says(
    document: dict[str, Any],
    signals_sent: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    settings,
    tmp_path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    everything_happens(monkeypatch)
    told = [json.loads(frame) for frame in Event.objects.values_list("frame", flat=True)]
    heard = {frame["name"] for frame in (*told, *signals_sent)}
    assert heard <= {*EVENTS, *SIGNALS}
    assert heard >= {*EVENTS} - {"job.cost_changed", "job.step_failed"}
    for frame in (*told, *signals_sent):
        checker(document, frame["name"]).validate(frame)


@pytest.mark.usefixtures("transactional_db")
async def test_a_socket_says_what_it_says(document: dict[str, Any]) -> None:
    alice = await sync_to_async(person)()
    session = await sync_to_async(signed_in)(alice)
    said = {"type": "hello", "streams": {"user": None}}
    checker(document, "hello").validate(said)
    async with Socket(session) as socket:
        await socket.say(**said)
        checker(document, "welcome").validate(await socket.next())
        checker(document, "snapshot").validate(await socket.next())
        await socket.say(type="ping")
        checker(document, "pong").validate(await socket.next())
        await socket.say(type="command", id="0f5b8a1e-0000-4000-8000-000000000000", name="nothing")
        checker(document, "reply.refused").validate(await socket.next())
        await socket.write("{}")
        checker(document, "error").validate(await socket.next())
    from realtime import hub

    await hub.current().close()


def examples() -> list[dict[str, Any]]:
    """The frames that docs/realtime-protocol.md shows."""
    text = (Path(settings.BASE_DIR) / "docs" / "realtime-protocol.md").read_text()
    found = []
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        while block := block.strip():
            example, end = json.JSONDecoder().raw_decode(block)
            found.append(example)
            block = block[end:]
    return [one for one in found if "type" in one]


def test_the_page_about_the_protocol_shows_frames_as_they_are(document: dict[str, Any]) -> None:
    shown = examples()
    assert {one["type"] for one in shown} >= {"hello", "welcome", "snapshot", "event", "reply"}
    for example in shown:
        frame = {"event": "EventFrame", "signal": "SignalFrame"}.get(example["type"])
        if example["type"] == "reply":
            frame = "Done" if example["ok"] else "NotDone"
        schema = f"schemas/{frame}" if frame else f"messages/{example['type']}/payload"
        found = Registry().with_resource("urn:document", Resource.opaque(document))
        Draft202012Validator({"$ref": f"urn:document#/components/{schema}"}, registry=found).validate(example)
