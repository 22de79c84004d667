"""The long-poll: the same stream over plain HTTP, for who cannot have a socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from realtime import hub as hubs
from realtime import identity, problems, reading
from realtime.identity import Credentials
from realtime.log import Position
from realtime.outlet import Message
from realtime.protocol import CloseCode, Refusal
from realtime.reading import Reading

MAX_WAIT_SECONDS = 30
_STATUS = {
    CloseCode.NOT_SIGNED_IN: HTTPStatus.UNAUTHORIZED,
    CloseCode.FORBIDDEN: HTTPStatus.NOT_FOUND,  # whether another's stream exists is not told
    CloseCode.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
}


class Query(BaseModel):
    """What follows the question mark.

    Attributes:
        epoch, since: where the client stands; without both it gets a snapshot.
        wait: how many seconds it would wait for an event.
        limit: how many events it takes at once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch: Annotated[str, Field(max_length=32)] | None = None
    since: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT_SECONDS)] = 0
    limit: Annotated[int, Field(ge=1, le=reading.PAGE)] = reading.PAGE

    @property
    def position(self) -> Position | None:
        """Where the client stands, if it says so."""
        if self.epoch is None or self.since is None:
            return None
        return Position(self.epoch, self.since)


@require_GET
async def events(request: HttpRequest, stream: str) -> HttpResponse:
    """The events of a stream after a position, or a snapshot; waits for the first event if asked to.

    Holds no thread and no connection while it waits.
    """
    try:
        query = Query.model_validate(request.GET.dict())
        found = await _Poll(identity.of_request(request), stream, query).answer()
    except ValidationError as error:
        return problems.invalid(error)
    except Refusal as refusal:
        return problems.problem(_STATUS[refusal.close], refusal.code, refusal.message)
    response = HttpResponse(_encode(*found), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True, slots=True)
class _Poll:
    credentials: Credentials
    stream: str
    query: Query

    async def answer(self) -> tuple[str, Reading]:
        """The stream's real name and what is to be told of it."""
        hub = hubs.current()
        person, stream, found = await self._look()
        hub.admit(person)
        try:
            if self.query.wait and found.position == self.query.position:
                await self._wait(stream, found.position)
                _, stream, found = await self._look()
        finally:
            hub.dismiss(person)
        return stream, found

    async def _look(self) -> tuple[Any, str, Reading]:
        wanted = {self.stream: self.query.position}
        opened = await hubs.current().run(reading.open_streams, self.credentials, wanted, self.query.limit)
        user, readings = opened
        ((stream, found),) = readings.items()
        return user.pk, stream, found

    async def _wait(self, stream: str, position: Position) -> None:
        hub = hubs.current()
        waiter = _Waiter(hub.loop)
        try:
            if hub.join(stream, waiter, position):
                await asyncio.wait([waiter.moved], timeout=self.query.wait)
        finally:
            hub.leave(stream, waiter)


class _Waiter:
    """A subscriber that only wants to know that something came."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.moved: asyncio.Future[None] = loop.create_future()

    def deliver(self, seq: int, message: Message, size: int) -> None:
        """An event came."""
        if not self.moved.done():
            self.moved.set_result(None)

    def signal(self, key: str, message: Message) -> None:
        """Signals are for sockets."""

    def restart(self) -> None:
        """The stream began a new life."""
        self.deliver(0, {}, 0)


def _encode(stream: str, found: Reading) -> str:
    """The answer's JSON; the events are put in as they are, for they are JSON already."""
    if found.snapshot is not None:
        state = json.loads(found.snapshot)["state"]
        place = found.position
        return json.dumps({"stream": stream, "epoch": place.epoch, "seq": place.seq, "snapshot": state})
    head = json.dumps({"stream": stream, "epoch": found.position.epoch, "seq": found.position.seq})
    return f'{head[:-1]}, "events": [{",".join(found.frames)}]}}'
