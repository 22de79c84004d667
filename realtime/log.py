"""The log: events are written here, in the transaction of the change they tell, and read from here."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from realtime import doorbell
from realtime.hints import Moved
from realtime.models import Event, Stream
from realtime.protocol import MAX_FRAME_BYTES, EventFrame

ROOM = "web"
ROOT = "system"
"""The stream that is always there. Every other one begins its first life with this one's epoch, so that
its position is known, and can be waited at, before it has an event and a row."""
REPLAY_LIMIT = 5000
"""Who is further behind than this many events gets a snapshot: it is less to send and to apply."""

_TAKE_NUMBERS = f"""
    UPDATE {Stream._meta.db_table} SET seq = seq + %s WHERE name = %s RETURNING id, epoch, seq
"""  # noqa: S608 - names of our own tables
_BEGIN_STREAM = f"""
    INSERT INTO {Stream._meta.db_table} (name, epoch, seq, floor)
    VALUES (%s, COALESCE((SELECT epoch FROM {Stream._meta.db_table} WHERE name = '{ROOT}'), %s), %s, 0)
    ON CONFLICT (name) DO UPDATE SET seq = {Stream._meta.db_table}.seq + excluded.seq
    RETURNING id, epoch, seq
"""  # noqa: S608
_WRITE = f"INSERT INTO {Event._meta.db_table} (stream_id, seq, name, at, frame) VALUES "  # noqa: S608
_ROW = "(%s, %s, %s, %s, %s)"
_ROWS_AT_ONCE = 500
"""Of one statement; the databases take some thirty thousand values."""
_FIND = f"""
    SELECT name, id, epoch, seq, floor FROM {Stream._meta.db_table} WHERE name IN (%s, %s)
"""  # noqa: S608
_AFTER = f"""
    SELECT seq, frame FROM {Event._meta.db_table} WHERE stream_id = %s AND seq > %s ORDER BY seq LIMIT %s
"""  # noqa: S608


class NotInTransaction(Exception):
    """An event must be published inside the transaction of the change it tells: use transaction.atomic()."""


class EventTooBig(ValueError):
    """An event's frame must fit into 64 KB: tell where the data is, not the data."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be published: the stream's name, the event's name, and what it tells (JSON)."""

    stream: str
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a stream: just after event ``seq`` of life ``epoch``."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Events:
    """A run of events without a gap.

    Attributes:
        position: the place after the last of them.
        frames: the events, oldest first, each as the text that clients get.
        more: whether the log had further ones when it was read.
    """

    position: Position
    frames: Sequence[str]
    more: bool


def publish(stream: str, name: str, data: Mapping[str, Any]) -> None:
    """Writes one event; see `publish_many`."""
    publish_many([NewEvent(stream, name, data)])


def publish_many(news: Iterable[NewEvent]) -> None:
    """Writes events, in their order within each stream, and rings the doorbell after the commit.

    A stream comes into being with its first event. Streams are locked in the order of their names until
    the transaction ends, so their numbers have no gap, and two writers cannot block each other for good
    unless one publishes to several streams in several calls.

    Raises:
        NotInTransaction: outside of ``transaction.atomic()``.
        EventTooBig: one of the frames would be longer than 64 KB. Nothing was written.
        ValueError: data that is not JSON. Nothing was written.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    by_stream: defaultdict[str, list[NewEvent]] = defaultdict(list)
    for item in news:
        by_stream[item.stream].append(item)
    if not by_stream:
        return
    at = timezone.now()
    with connection.cursor() as cursor:
        rows = [row for stream in sorted(by_stream) for row in _numbered(cursor, by_stream[stream], at)]
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            cursor.execute(_WRITE + ", ".join([_ROW] * len(some)), [value for row in some for value in row])
    transaction.on_commit(partial(_ring, tuple(by_stream)), robust=True)


def _numbered(cursor: Any, news: list[NewEvent], at: datetime) -> Iterator[tuple[Any, ...]]:
    stream_id, epoch, last = _take_numbers(cursor, news[0].stream, len(news))
    adapted_at = connection.ops.adapt_datetimefield_value(at)
    for seq, item in enumerate(news, last - len(news) + 1):
        yield stream_id, seq, item.name, adapted_at, _encode(item, epoch, seq, at)


def _take_numbers(cursor: Any, stream: str, number: int) -> tuple[int, str, int]:
    """Gives the stream's id, its epoch, and the last of that many numbers, which are taken now."""
    cursor.execute(_TAKE_NUMBERS, [number, stream])
    rows = cursor.fetchall()
    if not rows:
        cursor.execute(_BEGIN_STREAM, [stream, _new_epoch(), number])
        rows = cursor.fetchall()
    taken: tuple[int, str, int] = rows[0]
    return taken


def _encode(item: NewEvent, epoch: str, seq: int, at: datetime) -> str:
    frame = EventFrame(
        stream=item.stream, seq=seq, id=f"{epoch}-{seq}", name=item.name, at=at, data=dict(item.data)
    ).encode()
    if len(frame) > MAX_FRAME_BYTES or len(frame.encode()) > MAX_FRAME_BYTES:
        raise EventTooBig(f"{item.name} to {item.stream}: {EventTooBig.__doc__}")
    return frame


def _new_epoch() -> str:
    return secrets.token_hex(6)


def _ring(streams: tuple[str, ...]) -> None:
    doorbell.ring(ROOM, Moved(streams).encode())


def position(stream: str) -> Position:
    """Where the stream ends now. Read it before the state that it is to stand for."""
    place = _place(stream)
    return Position(place.epoch, place.seq)


@dataclass(frozen=True, slots=True)
class _Place:
    stream_id: int
    epoch: str
    seq: int
    floor: int


def _place(stream: str) -> _Place:
    """What the stream's row says, or would say: nothing is written for a stream without events."""
    with connection.cursor() as cursor:  # a fifth of what a queryset costs, and every page asks
        cursor.execute(_FIND, [stream, ROOT])
        found = {name: _Place(*values) for name, *values in cursor.fetchall()}
    if ROOT not in found:
        Stream.objects.bulk_create([Stream(name=ROOT, epoch=_new_epoch())], ignore_conflicts=True)
        row = Stream.objects.get(name=ROOT)
        found[ROOT] = _Place(row.pk, row.epoch, row.seq, row.floor)
    return found.get(stream) or _Place(0, found[ROOT].epoch, 0, 0)


def read(stream: str, since: Position | None, limit: int = 500) -> Events | None:
    """The events after ``since``, at most ``limit`` of them.

    None when they cannot be had, and a snapshot must take their place: ``since`` is None, of another
    epoch, ahead of the log, below the floor, or more than `REPLAY_LIMIT` events behind.
    """
    if since is None:
        return None
    place = _place(stream)
    if place.epoch != since.epoch or not place.floor <= since.seq <= place.seq:
        return None
    if place.seq - since.seq > REPLAY_LIMIT:
        return None
    return _events_after(place, since, limit) if place.seq > since.seq else Events(since, (), more=False)


def _events_after(place: _Place, since: Position, limit: int) -> Events | None:
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, [place.stream_id, since.seq, limit])
        found = cursor.fetchall()
    if not found or found[0][0] != since.seq + 1:  # pruned between the two reads
        return None
    last = found[-1][0]
    return Events(Position(place.epoch, last), [frame for _, frame in found], more=last < place.seq)


def forget(events: QuerySet[Event]) -> int:
    """Deletes ``events`` and raises the floors of their streams to the last of each; how many went.

    Inside a transaction. Streams are locked in the order of their names, as by `publish_many`.
    """
    ends = dict(events.order_by().values_list("stream__name").annotate(Max("seq")))
    for name in sorted(ends):
        Stream.objects.filter(name=name, floor__lt=ends[name]).update(floor=ends[name])
    return events.delete()[0]


def restart(stream: str) -> None:
    """Begins a new life of the stream: every client gets a snapshot.

    For after a change that went past the log, such as rows that were repaired or restored by hand.
    """
    Stream.objects.filter(name=stream).update(epoch=_new_epoch(), floor=F("seq"))
    doorbell.ring(ROOM, Moved().encode())
