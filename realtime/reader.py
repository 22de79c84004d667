"""The thread that hears the doorbell, reads the log once for all sockets, and hands the news to the loop."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection

from realtime import doorbell, hints
from realtime.hints import Changed, Signal, SignedOut
from realtime.log import ROOM, Position
from realtime.models import Event, Stream

POLL_SECONDS = 0.25
"""How often the log is looked at without a ring, while somebody listens."""
IDLE_SECONDS = 5.0
"""How often it wakes up while nobody listens."""
_ROWS = 1000
_WAKE = b"W"

_NEXT_EVENTS = """
    WITH wanted (name, epoch, seq) AS (VALUES {places})
    SELECT stream.name, event.seq, event.frame
    FROM wanted
    JOIN {streams} stream ON stream.name = wanted.name AND stream.epoch = wanted.epoch
    JOIN {events} event ON event.stream_id = stream.id AND event.seq > wanted.seq
    ORDER BY event.stream_id, event.seq
    LIMIT {rows}
"""
_HEADS = "SELECT name, epoch, seq FROM {streams} WHERE name IN ({places})"

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class News:
    """What one look brought.

    Attributes:
        events: stream, number and frame, in order within each stream.
        signals: in the order in which they came.
        restarted: streams that began a new life; they are no longer followed.
        signed_out: digests of sessions that ended.
        changed: ids of people whose rights may have changed.
    """

    events: list[tuple[str, int, str]] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    signed_out: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.events or self.signals or self.restarted or self.signed_out or self.changed)


class Reader:
    """Follows streams and hands their news to ``deliver``.

    A thread with a connection of its own: so no read blocks the event loop, waits behind another's query,
    or is waited for by one. It reads by stream and number, never by a global cursor: on PostgreSQL ids
    may be committed out of order, the numbers of a stream may not.

    Args:
        deliver: called in the reader's thread with news; it may block to slow the reader down, and gives
            False when nobody wants further ones.
    """

    def __init__(self, deliver: Callable[[News], bool]) -> None:
        self._deliver = deliver
        self._followed: dict[str, Position] = {}
        self._orders: deque[tuple[str, Position | None]] = deque()
        self._unread: set[str] = set()
        self._next_poll = 0.0
        self._woken = False
        self._stopping = False
        self._listener = doorbell.Listener(ROOM)
        self._thread = threading.Thread(target=self._run, name="realtime-reader", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for its end."""
        self._stopping = True
        self._wake()
        self._thread.join()

    def follow(self, stream: str, position: Position) -> None:
        """Brings every event of ``stream`` after ``position``. From any thread."""
        self._order(stream, position)

    def unfollow(self, stream: str) -> None:
        """Brings nothing of ``stream`` any more, after what is under way. From any thread."""
        self._order(stream, None)

    def _order(self, stream: str, position: Position | None) -> None:
        self._orders.append((stream, position))
        self._wake()

    def _wake(self) -> None:
        if not self._woken:  # one wake-up is enough, however many connect: a socket holds few datagrams
            self._woken = True
            self._listener.interrupt(_WAKE)

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._listener.close()
            connection.close()

    def _turn(self) -> None:
        messages = self._wait()
        try:
            news = self._look(messages)
            if news and not self._deliver(news):
                self._stopping = True
        except DatabaseError:
            logger.exception("The log cannot be read; trying again.")
            connection.close()
            self._listener.wait(1)
        except Exception:
            logger.exception("The reader of the log stumbled; going on.")
            self._listener.wait(1)

    def _wait(self) -> list[bytes]:
        if self._unread:
            return self._listener.receive_all()
        if not self._followed:
            return self._listener.wait(IDLE_SECONDS)
        return self._listener.wait(max(0.001, self._next_poll - time.monotonic()))

    def _look(self, messages: list[bytes]) -> News:
        news = News()
        moved = self._take_orders() | self._unread
        everything = time.monotonic() >= self._next_poll or len(messages) >= doorbell.capacity()
        for hint in (hints.decode(message) for message in messages if message != _WAKE):
            if isinstance(hint, Signal):
                news.signals.append(hint)
            elif isinstance(hint, SignedOut):
                news.signed_out.append(hint.session)
            elif isinstance(hint, Changed):
                news.changed.append(hint.person)
            else:
                moved.update(hint.streams)
                everything = everything or not hint.streams
        if everything:  # it is time, somebody asks for it, or so many rang that rings may have been lost
            moved.update(self._moved_anyhow(news))
        self._read([name for name in moved if name in self._followed], news)
        news.signals = [signal for signal in news.signals if signal.stream in self._followed]
        return news

    def _take_orders(self) -> set[str]:
        self._woken = False
        fresh = set()
        while self._orders:
            stream, position = self._orders.popleft()
            if position is None:
                self._followed.pop(stream, None)
            else:
                self._followed[stream] = position
                fresh.add(stream)
        return fresh

    def _moved_anyhow(self, news: News) -> list[str]:
        """The followed streams whose heads are not where they were, ring or no ring."""
        moved = []
        for names in _slices(list(self._followed), _ROWS):
            heads = self._heads(names)
            for name in names:
                last = self._followed[name]
                head = heads.get(name, Position(last.epoch, 0))  # no row, no events
                if head.epoch != last.epoch or head.seq < last.seq:
                    news.restarted.append(name)
                    del self._followed[name]
                elif head.seq > last.seq:
                    moved.append(name)
        self._next_poll = time.monotonic() + POLL_SECONDS
        return moved

    def _read(self, names: list[str], news: News) -> None:
        """Adds the next events of these streams, and notes which may have still more."""
        self._unread = set()
        for part in _slices(names, _ROWS):
            rows = self._next_events(part)
            for name, seq, frame in rows:
                news.events.append((name, seq, frame))
                self._followed[name] = Position(self._followed[name].epoch, seq)
            if len(rows) == _ROWS:
                self._unread.update(part)

    def _heads(self, names: list[str]) -> dict[str, Position]:
        sql = _HEADS.format(streams=Stream._meta.db_table, places=", ".join(["%s"] * len(names)))
        return {name: Position(epoch, seq) for name, epoch, seq in _rows(sql, names)}

    def _next_events(self, names: list[str]) -> list[tuple[str, int, str]]:
        sql = _NEXT_EVENTS.format(
            places=", ".join(["(%s, %s, CAST(%s AS bigint))"] * len(names)),
            streams=Stream._meta.db_table,
            events=Event._meta.db_table,
            rows=_ROWS,
        )
        places = ((name, self._followed[name]) for name in names)
        return _rows(sql, [value for name, last in places for value in (name, last.epoch, last.seq)])


def _rows(sql: str, parameters: Sequence[str | int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _slices(names: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
