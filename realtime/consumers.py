"""The socket: reads the client's frames, and calls whoever knows. It authorises; it makes no query."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from channels.consumer import AsyncConsumer  # type: ignore[import-untyped]
from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError

from realtime import audit, commands, hints, identity, metrics, reading, rights
from realtime import hub as hubs
from realtime.identity import Credentials
from realtime.log import Position
from realtime.outlet import Message, Outlet, Send, text
from realtime.protocol import (
    MAX_STREAMS,
    SUBPROTOCOL,
    Ack,
    ClientFrame,
    CloseCode,
    Command,
    Hello,
    Person,
    Ping,
    Pong,
    Refusal,
    Since,
    Subscribe,
    Unsubscribe,
    Welcome,
    decode,
)
from realtime.rate import Rate
from realtime.reading import Reading
from realtime.subscription import Subscription

Receive = Callable[[], Awaitable[Message]]

logger = logging.getLogger(__name__)
_PONG = text(Pong().encode())


class SocketConsumer(AsyncConsumer):  # type: ignore[misc]  # channels has no types
    """One socket of ``shipspeak.v1``, from the handshake to its end.

    A Channels consumer with its own loop: no channel layer and no dispatch, which would cost each socket
    two tasks, and each message a query's turn in the thread that all synchronous code shares.
    """

    deadline: float
    session = ""
    person = ""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serves the socket until either side has had enough."""
        self._hub = hubs.current()
        self._limits = self._hub.limits
        self._outlet = Outlet(send, self._hub.loop, self._limits.window_bytes)
        self._rate = Rate(self._limits.message_rate, self._limits.message_burst)
        self._subscriptions: dict[str, Subscription] = {}
        self._person: Any = None
        self._id, self._began = secrets.token_hex(8), time.monotonic()
        self._address = _address(scope)
        self._checked = 0.0
        self.deadline = time.monotonic() + self._limits.hello_timeout
        try:
            await self._open(scope, receive, send)
            await self._listen(receive)
        except Refusal as refusal:
            self._outlet.close(refusal.close, refusal.code, refusal.message)
        except Exception:
            logger.exception("A socket failed.")
            self._fail()
        finally:
            self._end()

    # -- what the hub asks for ---------------------------------------------------------------------

    def say(self, message: Message) -> None:
        """Sends the client a message."""
        self._outlet.send(message)

    def expire(self) -> None:
        """Closes: the client did not say anything in time."""
        if self._person is None:
            self._outlet.close(CloseCode.NO_HELLO, "no_hello", "No hello came in time.")
        else:
            self._outlet.close(CloseCode.NO_HELLO, "silent", "Nothing was heard of the client in time.")

    def sign_out(self) -> None:
        """Closes: the session has ended."""
        self._outlet.close(CloseCode.NOT_SIGNED_IN, "signed_out", "You have signed out.")

    async def look_again(self) -> None:
        """Closes, if the person is not signed in any more, or may not watch one of the streams."""
        try:
            await self._require_still()
        except Refusal as refusal:
            self._outlet.close(refusal.close, refusal.code, refusal.message)
        except DatabaseError:
            logger.exception("Who is at a socket could not be looked up; its next frame tries again.")
            self._checked = 0.0

    # -- the handshake -----------------------------------------------------------------------------

    async def _open(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = identity.headers_of(scope["headers"])
        offered = scope["subprotocols"]
        await receive()
        await send(
            {"type": "websocket.accept", "subprotocol": SUBPROTOCOL if SUBPROTOCOL in offered else None}
        )
        if offered and SUBPROTOCOL not in offered:
            message = f"This server speaks {SUBPROTOCOL}."
            raise Refusal(CloseCode.MALFORMED, "unknown_protocol", message)
        self._hub.sockets.add(self)
        self._hub.meet(self)
        metrics.connections.set(len(self._hub.sockets))
        self._origin_allowed = identity.origin_allowed(headers)
        self._ticket = identity.ticket_of(scope.get("query_string", b""))
        self._credentials = Credentials(session_key="" if self._ticket else identity.session_key(headers))
        if self._credentials.session_key and b"origin" in headers and not self._origin_allowed:
            raise _foreign_page()

    async def _listen(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect" or self._outlet.closed:
                return
            if not self._rate.allows(time.monotonic()):
                raise Refusal(CloseCode.TOO_FAST, "too_fast", "Too many frames at once. Slow down.")
            self._outlet.heard()
            await self._handle(decode(message.get("text")))

    async def _handle(self, frame: ClientFrame) -> None:
        await self._check_again()
        if self._person is None:
            await self._hello(frame)
        elif isinstance(frame, Ack):
            self._ack(frame)
        elif isinstance(frame, Ping):
            self.say(_PONG)
        elif isinstance(frame, Subscribe):
            await self._subscribe(frame)
        elif isinstance(frame, Unsubscribe):
            self._unsubscribe(frame)
        elif isinstance(frame, Command):
            await self._command(frame)
        else:
            raise Refusal(CloseCode.MALFORMED, "hello_twice", "Hello was said before.")
        self._extend()

    def _extend(self) -> None:
        self.deadline = time.monotonic() + self._limits.ping_interval + self._limits.connection_timeout

    async def _hello(self, frame: ClientFrame) -> None:
        if not isinstance(frame, Hello):
            raise Refusal(CloseCode.MALFORMED, "no_hello", "Say hello first.")
        self._hub.strangers.pop(self, None)
        if frame.token:
            self._credentials = Credentials(token=frame.token)
        elif self._ticket:
            self._credentials = await self._hub.run(identity.redeem, self._ticket)
            if self._credentials.grant is None:
                raise _bad_ticket()
        elif self._credentials.session_key and not self._origin_allowed:
            raise _foreign_page()
        wanted = {stream: _position(since) for stream, since in frame.streams.items()}
        user, readings = await self._hub.run(reading.open_streams, self._credentials, wanted)
        self._hub.admit(user.pk)
        self._person, self.person = user.pk, str(user.pk)
        self._own_stream = rights.own_stream(user)
        self._checked = time.monotonic()
        if self._credentials.session_key:
            self.session = hints.digest(self._credentials.session_key)
        audit.connected(self._id, self.person, self._address, self._credentials.kind)
        self.say(text(self._welcome(user).encode()))
        for stream, found in readings.items():
            subscription = self._subscription(stream)
            self._place(subscription, found, subscription.begin())

    def _welcome(self, user: AbstractBaseUser) -> Welcome:
        return Welcome(
            connection=self._id,
            server_time=datetime.now(UTC),
            heartbeat=self._limits.ping_interval,
            user=Person(id=str(user.pk), username=user.get_username(), stream=self._own_stream),
        )

    # -- what the client asks for ------------------------------------------------------------------

    async def _subscribe(self, frame: Subscribe) -> None:
        stream = self._name(frame.stream)
        subscription = self._subscription(stream)
        turn = subscription.begin()
        wanted = {stream: _position(frame.since)}
        _, readings = await self._hub.run(reading.open_streams, self._credentials, wanted)
        self._place(subscription, readings[stream], turn)

    def _unsubscribe(self, frame: Unsubscribe) -> None:
        subscription = self._subscriptions.pop(self._name(frame.stream), None)
        if subscription is not None:
            self._hub.leave(subscription.stream, subscription)

    def _ack(self, frame: Ack) -> None:
        subscription = self._subscriptions.get(self._name(frame.stream))
        if subscription is not None:
            subscription.ack(frame.seq)

    async def _check_again(self) -> None:
        """Looks at any frame, not only at a ping: one that pings never would be believed for ever."""
        if self._person is not None and time.monotonic() - self._checked > self._limits.recheck:
            await self._require_still()

    async def _require_still(self) -> None:
        await self._hub.run(reading.require_still, self._credentials, tuple(self._subscriptions))
        self._checked = time.monotonic()

    async def _command(self, frame: Command) -> None:
        reply = await self._hub.run(commands.answer, self._credentials, frame)
        audit.commanded(self._id, self.person, frame.name, str(frame.id), commands.outcome(reply))
        self.say(text(reply))

    # -- subscriptions -----------------------------------------------------------------------------

    def _name(self, asked: str) -> str:
        return self._own_stream if asked == rights.OWN else asked

    def _subscription(self, stream: str) -> Subscription:
        if stream not in self._subscriptions:
            if len(self._subscriptions) >= MAX_STREAMS:
                message = f"A socket may watch {MAX_STREAMS} streams at most."
                raise Refusal(CloseCode.MALFORMED, "too_many_streams", message)
            self._subscriptions[stream] = Subscription(stream, self._outlet, self._limits, self._recover)
        return self._subscriptions[stream]

    def _place(self, subscription: Subscription, found: Reading, turn: int) -> None:
        """Brings the subscription to where the log was when it was read, and then joins the live news."""
        if not subscription.settle(found, turn) or subscription.lagging:
            return
        if not self._hub.join(subscription.stream, subscription, subscription.position):
            subscription.restart()

    def _recover(self, subscription: Subscription) -> None:
        self._hub.spawn(self._read_again(subscription, subscription.turn))

    async def _read_again(self, subscription: Subscription, turn: int) -> None:
        try:
            found = await self._hub.run(reading.read, subscription.stream, subscription.position)
        except Exception:
            logger.exception("A stream could not be read.")
            self._fail()
        else:
            if self._subscriptions.get(subscription.stream) is subscription:
                self._place(subscription, found, turn)

    # -- the end -----------------------------------------------------------------------------------

    def _fail(self) -> None:
        self._outlet.close(CloseCode.OURS, "internal", "Something broke on our side. Try again.")

    def _end(self) -> None:
        self._hub.sockets.discard(self)
        self._hub.strangers.pop(self, None)
        metrics.connections.set(len(self._hub.sockets))
        for subscription in self._subscriptions.values():
            self._hub.leave(subscription.stream, subscription)
        self._subscriptions.clear()
        code, reason = self._outlet.why or (None, "the client went")
        if self._person is not None:
            self._hub.dismiss(self._person)
            audit.closed(self._id, self.person, code, reason, time.monotonic() - self._began)
        elif code is not None:
            audit.refused(self._address, code, reason)


def _position(since: Since | None) -> Position | None:
    return Position(since.epoch, since.seq) if since is not None else None


def _address(scope: dict[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _bad_ticket() -> Refusal:
    message = "This ticket is unknown, too old, or was used before. Get a new one."
    return Refusal(CloseCode.NOT_SIGNED_IN, "bad_ticket", message)


def _foreign_page() -> Refusal:
    message = "A page of another site opened this connection. Open it from this site."
    return Refusal(CloseCode.FORBIDDEN, "foreign_origin", message)
