"""The log: numbers without gaps, and what can be read back."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from realtime import log
from realtime.log import EventTooBig, NewEvent, NotInTransaction, Position
from realtime.models import Event, Stream
from tests.realtime.clients import tell

pytestmark = pytest.mark.django_db


def frames(stream: str, since: int = 0) -> list[dict]:
    found = log.read(stream, Position(log.position(stream).epoch, since))
    assert found is not None
    return [json.loads(frame) for frame in found.frames]


class Rollback(Exception):
    """Undoes a transaction."""


def test_it_numbers_events_of_a_stream_from_one() -> None:
    tell("user:1", 3)
    assert [frame["seq"] for frame in frames("user:1")] == [1, 2, 3]


def test_it_numbers_each_stream_on_its_own() -> None:
    tell("user:1", 2)
    tell("user:2")
    assert log.position("user:1").seq == 2
    assert log.position("user:2").seq == 1


def test_it_keeps_an_event_as_the_frame_that_clients_get() -> None:
    tell("user:1", name="job.queued", cost=Decimal("0.10"), text="Zürich \u2028 <b>")
    (frame,) = frames("user:1")
    row = Event.objects.get()
    assert frame.pop("at").endswith("Z")
    assert frame == {
        "type": "event",
        "stream": "user:1",
        "seq": 1,
        "id": f"{row.stream.epoch}-1",
        "name": "job.queued",
        "data": {"n": 0, "cost": "0.10", "text": "Zürich \u2028 <b>"},
    }
    assert row.data == frame["data"]
    assert abs(row.at - timezone.now()) < timedelta(minutes=1)


def test_it_publishes_many_in_one_insert_and_one_update_a_stream(django_assert_num_queries) -> None:
    tell("user:1")
    tell("user:2")
    news = [NewEvent(f"user:{1 + n % 2}", "job.started", {"n": n}) for n in range(10)]
    with django_assert_num_queries(3):
        log.publish_many(news)
    assert [frame["data"]["n"] for frame in frames("user:1", 1)] == [0, 2, 4, 6, 8]
    assert [frame["data"]["n"] for frame in frames("user:2", 1)] == [1, 3, 5, 7, 9]


def test_it_publishes_nothing_for_no_news(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        log.publish_many([])


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_publish_outside_a_transaction() -> None:
    with pytest.raises(NotInTransaction):
        log.publish("user:1", "job.started", {})


def test_it_leaves_no_gap_after_a_rollback() -> None:
    tell("user:1")
    with transaction.atomic():
        log.publish("user:1", "job.started", {})
        transaction.set_rollback(True)
    tell("user:1")
    assert [frame["seq"] for frame in frames("user:1")] == [1, 2]


def test_it_refuses_an_event_that_no_frame_can_hold() -> None:
    with pytest.raises(EventTooBig), transaction.atomic():
        log.publish("user:1", "job.started", {"text": "ä" * 40_000})
    assert log.position("user:1").seq == 0


def test_it_refuses_data_that_is_not_json() -> None:
    with pytest.raises(ValueError, match="serialize"), transaction.atomic():
        log.publish("user:1", "job.started", {"thing": object()})


def test_it_tells_a_position_before_the_first_event_that_stays_good() -> None:
    before = log.position("user:1")
    assert not Stream.objects.filter(name="user:1").exists()
    tell("user:1", 2)
    found = log.read("user:1", before)
    assert found is not None
    assert len(found.frames) == 2


def test_it_reads_page_by_page() -> None:
    tell("user:1", 5)
    place: Position = Position(log.position("user:1").epoch, 0)
    pages = []
    more = True
    while more:
        found = log.read("user:1", place, limit=2)
        assert found is not None
        pages.append([json.loads(frame)["seq"] for frame in found.frames])
        place, more = found.position, found.more
    assert pages == [[1, 2], [3, 4], [5]]


@pytest.mark.parametrize(
    ("why", "epoch", "seq"),
    [("of another epoch", "another", 1), ("ahead of the log", None, 4), ("below the floor", None, 0)],
)
def test_it_cannot_replay_from_a_position(why: str, epoch: str | None, seq: int) -> None:
    tell("user:1", 3)
    Stream.objects.filter(name="user:1").update(floor=1)
    at = Position(epoch or log.position("user:1").epoch, seq)
    assert log.read("user:1", at) is None


def test_it_cannot_replay_without_a_position() -> None:
    assert log.read("user:1", None) is None


def test_it_does_not_replay_what_is_longer_than_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "REPLAY_LIMIT", 3)
    tell("user:1", 5)
    epoch = log.position("user:1").epoch
    assert log.read("user:1", Position(epoch, 1)) is None
    assert log.read("user:1", Position(epoch, 2)) is not None


def test_it_begins_a_new_life_on_request() -> None:
    tell("user:1", 3)
    before = log.position("user:1")
    log.restart("user:1")
    assert log.read("user:1", before) is None
    tell("user:1")
    after = log.position("user:1")
    assert after.epoch != before.epoch
    assert after.seq == before.seq + 1


def test_it_prunes_old_events_and_raises_the_floor() -> None:
    tell("user:1", 3)
    tell("user:2", 1)
    old = timezone.now() - timedelta(days=30)
    Event.objects.filter(stream__name="user:1", seq__lte=2).update(at=old)
    with transaction.atomic():
        assert log.forget(Event.objects.filter(at__lt=old + timedelta(days=1))) == 2
    epoch = log.position("user:1").epoch
    assert log.read("user:1", Position(epoch, 1)) is None
    assert [frame["seq"] for frame in frames("user:1", 2)] == [3]
    assert len(frames("user:2")) == 1


@pytest.mark.django_db(transaction=True)
def test_it_has_no_gap_and_no_double_under_many_writers() -> None:
    """Six writers, some of whose transactions fail, to two shared streams."""

    def write(writer: int) -> None:
        for n in range(15):
            try:
                with transaction.atomic():
                    log.publish_many(NewEvent(stream, "job.started", {}) for stream in ("user:1", "user:2"))
                    if (n + writer) % 4 == 0:
                        raise Rollback
            except Rollback:
                continue
        connection.close()

    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    close_old_connections()
    for stream in ("user:1", "user:2"):
        seqs = [frame["seq"] for frame in frames(stream)]
        assert seqs == list(range(1, len(seqs) + 1))
        assert log.position(stream).seq == len(seqs) > 60


@pytest.mark.django_db(transaction=True)
def test_all_who_look_first_at_the_same_moment_see_one_epoch() -> None:
    """A new site's first workers and pages: each reads a stream that nothing was published to."""
    found, together = [], threading.Barrier(6)

    def look(reader: int) -> None:
        together.wait()
        found.append(log.position(f"user:{reader}").epoch)
        connection.close()

    readers = [threading.Thread(target=look, args=(n,)) for n in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(found) == 6
    assert set(found) == {Stream.objects.get().epoch}
