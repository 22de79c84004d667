"""The hub: the part of a web process that has each event read once, and fans it out to its sockets."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from realtime import metrics, shutdown
from realtime.conf import Limits
from realtime.hints import Signal
from realtime.log import Position
from realtime.outlet import Message, text
from realtime.protocol import CloseCode, GoingAway, Refusal
from realtime.reader import News, Reader

READING_THREADS = 4
SLICE_SECONDS = 0.02
"""After so long a fan-out lets the event loop do other things."""
RECONNECT_SPREAD_MS = (250, 4000)

P = ParamSpec("P")
T = TypeVar("T")


class Subscriber(Protocol):
    """Whoever gets a stream's news: a socket's subscription, or a waiting long-poll."""

    def deliver(self, seq: int, message: Message, size: int) -> None:
        """Takes event ``seq``; events come in order, but the first need not be the next one."""

    def signal(self, key: str, message: Message) -> None:
        """Takes a signal."""

    def restart(self) -> None:
        """The stream began a new life: what was delivered is void."""


class Socket(Protocol):
    """What the hub needs to know of a socket."""

    deadline: float
    session: str
    person: str

    def say(self, message: Message) -> None:
        """Sends the client a message."""

    def expire(self) -> None:
        """Closes: ``deadline`` has passed."""

    def sign_out(self) -> None:
        """Closes: ``session`` has ended."""

    async def look_again(self) -> None:
        """Closes, if ``person`` may not have it any more."""


class Channel:
    """A stream with subscribers in this process. ``seq`` is the last event handed to them."""

    __slots__ = ("epoch", "seq", "subscribers")

    def __init__(self, position: Position) -> None:
        self.epoch: str = position.epoch
        self.seq: int = position.seq
        self.subscribers: dict[Subscriber, None] = {}


class Hub:
    """Lives on one event loop; every method is for that loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.limits = Limits.from_settings()
        self.sockets: set[Socket] = set()
        self.strangers: dict[Socket, None] = {}
        self.loop = loop
        self._people: Counter[Any] = Counter()
        self._channels: dict[str, Channel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: deque[Callable[[], None]] = deque()
        self._worked_off = threading.Event()
        self._worked_off.set()
        self._closed = False
        self._connections: list[BaseDatabaseWrapper] = []
        self._pool = ThreadPoolExecutor(READING_THREADS, "realtime-pool", self._begin_thread)
        self._reader = Reader(self._take)

    def start(self) -> None:
        """Begins to listen, to look after the sockets, and to say goodbye when the process is stopped."""
        self._reader.start()
        self.spawn(self._look_after_sockets())
        shutdown.before_exit(self.loop, self.say_going_away)

    async def close(self) -> None:
        """Stops everything, for servers that outlive their loop."""
        self._closed = True
        self._worked_off.set()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._end_threads)
        _hubs.pop(self.loop, None)

    def _end_threads(self) -> None:
        self._reader.stop()
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _begin_thread(self) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        connection.inc_thread_sharing()  # so that `close` may close it
        self._connections.append(connection)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a function that queries, in a thread whose connection waits for nobody else's queries."""
        return await self.loop.run_in_executor(self._pool, lambda: _queried(function, *args, **kwargs))

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs a coroutine in the background, until the hub closes."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- who is here -------------------------------------------------------------------------------

    def meet(self, socket: Socket) -> None:
        """Takes in a socket that has not said who it is. Of too many the one that is silent for longest goes:
        so nobody can keep others out by sockets that say nothing."""
        self.strangers[socket] = None
        if len(self.strangers) > self.limits.max_strangers:
            oldest = next(iter(self.strangers))
            del self.strangers[oldest]
            oldest.expire()

    def admit(self, person: Any) -> None:
        """Counts a socket or a waiting long-poll of a person. Raises `Refusal` when they have too many, or
        all together have."""
        if self._people.total() >= self.limits.max_connections:
            message = "This server has as many connections as it can take. Try again in a while."
            raise Refusal(CloseCode.TOO_MANY, "server_full", message)
        if self._people[person] >= self.limits.max_per_user:
            message = f"You have {self.limits.max_per_user} connections open already. Close a tab or two."
            raise Refusal(CloseCode.TOO_MANY, "too_many_connections", message)
        self._people[person] += 1

    def dismiss(self, person: Any) -> None:
        """Takes back what `admit` counted."""
        self._people[person] -= 1
        if not self._people[person]:
            del self._people[person]

    async def _look_after_sockets(self) -> None:
        """Closes sockets that say nothing for too long."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for socket in [socket for socket in self.sockets if socket.deadline < now]:
                socket.expire()

    def say_going_away(self) -> None:
        """Tells every socket that the server stops, and when to come back: not all at once."""
        for socket in tuple(self.sockets):
            delay = random.randint(*RECONNECT_SPREAD_MS)  # noqa: S311 - spreads load, guards nothing
            socket.say(text(GoingAway(reconnect_in_ms=delay).encode()))

    # -- who watches what --------------------------------------------------------------------------

    def join(self, stream: str, subscriber: Subscriber, position: Position) -> bool:
        """Delivers the stream's events from now on to a subscriber that stands at ``position``.

        False when something has come since that position was read: then the subscriber must read again.
        """
        channel = self._channels.get(stream)
        if channel is not None and channel.epoch != position.epoch:
            self._restart(stream)  # one of them is out of date; whoever reads now finds out which
            return False
        if channel is None:
            channel = self._channels[stream] = Channel(position)
            self._reader.follow(stream, position)
        channel.subscribers[subscriber] = None
        return position.seq >= channel.seq

    def leave(self, stream: str, subscriber: Subscriber) -> None:
        """Delivers no more of the stream to the subscriber."""
        channel = self._channels.get(stream)
        if channel is not None:
            channel.subscribers.pop(subscriber, None)
            if not channel.subscribers:
                self._drop(stream)

    def _drop(self, stream: str) -> Channel | None:
        self._reader.unfollow(stream)
        return self._channels.pop(stream, None)

    def _restart(self, stream: str) -> None:
        channel = self._drop(stream)
        for subscriber in channel.subscribers if channel else ():
            subscriber.restart()

    # -- the news ----------------------------------------------------------------------------------

    def _take(self, news: News) -> bool:
        """In the reader's thread: hands news to the loop, once it is done with the last. False at the end."""
        self._worked_off.wait()
        if self._closed or self.loop.is_closed():
            return False
        self._worked_off.clear()
        self.loop.call_soon_threadsafe(self._spread, news)
        return True

    def _spread(self, news: News) -> None:
        for stream in news.restarted:
            self._restart(stream)
        for session in news.signed_out:
            self._sign_out(session)
        for person in news.changed:
            self._look_again(person)
        self._work.extend(partial(self._fan_out, *event) for event in news.events)
        self._work.extend(partial(self._fan_out_signal, signal) for signal in news.signals)
        self._work_off()

    def _work_off(self) -> None:
        until = time.monotonic() + SLICE_SECONDS
        while self._work:
            self._work.popleft()()
            if self._work and time.monotonic() > until:
                self.loop.call_soon(self._work_off)
                return
        self._worked_off.set()

    def _fan_out(self, stream: str, seq: int, frame: str) -> None:
        channel = self._channels.get(stream)
        if channel is not None:
            channel.seq = max(channel.seq, seq)
            metrics.handed_out(frame)
            message, size = text(frame), len(frame)
            for subscriber in tuple(channel.subscribers):
                subscriber.deliver(seq, message, size)

    def _fan_out_signal(self, signal: Signal) -> None:
        channel = self._channels.get(signal.stream)
        if channel is not None:
            message = text(signal.frame)
            for subscriber in tuple(channel.subscribers):
                subscriber.signal(signal.key, message)

    def _sign_out(self, session: str) -> None:
        for socket in [socket for socket in self.sockets if socket.session == session]:
            socket.sign_out()

    def _look_again(self, person: str) -> None:
        for socket in [socket for socket in self.sockets if socket.person == person]:
            self.spawn(socket.look_again())


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def current() -> Hub:
    """The hub of the running event loop; it starts when it is first asked for."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub(loop)
        hub.start()
    return hub


def running() -> bool:
    """Whether the running event loop has a hub."""
    return asyncio.get_running_loop() in _hubs


def _queried(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
