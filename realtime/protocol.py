"""The frames of ``shipspeak.v1``, typed: what a client may say, and what it gets to hear.

Frames are JSON text. A frame with a field too many, or of another type, is refused.
docs/realtime-protocol.md tells the same in words.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

SUBPROTOCOL = "shipspeak.v1"
MAX_FRAME_BYTES = 64 * 1024
MAX_STREAMS = 100

StreamName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-z]+(:[A-Za-z0-9_-]+)?$")]
Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]


class CloseCode(IntEnum):
    """Why the server closed a socket. Only 4401 and 4403 are final; a client comes back after others."""

    MALFORMED = 4400
    NOT_SIGNED_IN = 4401
    FORBIDDEN = 4403
    NO_HELLO = 4408
    TOO_MANY = 4409
    TOO_BIG = 4413
    TOO_FAST = 4429
    OURS = 4500


class Refusal(Exception):
    """The socket must be closed with a code, and the reason in an error frame before.

    Args:
        close: the code to close with.
        code: the reason in one word, for programs.
        message: the reason in a sentence, for people.
    """

    def __init__(self, close: CloseCode, code: str, message: str) -> None:
        super().__init__(message)
        self.close = close
        self.code = code
        self.message = message


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def encode(self) -> str:
        """The frame as the JSON text that is sent."""
        return self.model_dump_json()


class Since(_Frame):
    """Where a client stands in a stream: it has handled every event up to ``seq`` of ``epoch``."""

    epoch: Annotated[str, Field(max_length=32)]
    seq: Seq


class Hello(_Frame):
    """The first frame: who (unless a cookie tells), and which streams from where."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=4096)] | None = None
    streams: Annotated[dict[StreamName, Since | None], Field(max_length=MAX_STREAMS)] = {}


class Subscribe(_Frame):
    """Asks for a stream, or, if it has it, states anew where the client stands."""

    type: Literal["subscribe"]
    stream: StreamName
    since: Since | None = None


class Unsubscribe(_Frame):
    """Wants no more of a stream."""

    type: Literal["unsubscribe"]
    stream: StreamName


class Command(_Frame):
    """Asks for something to be done, once, however often the same id is sent."""

    type: Literal["command"]
    id: UUID
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
    data: dict[str, Any] = {}


class Ack(_Frame):
    """Everything up to ``seq`` is handled; opens the flow window."""

    type: Literal["ack"]
    stream: StreamName
    seq: Seq


class Ping(_Frame):
    """Asks whether the server is there."""

    type: Literal["ping"]


ClientFrame = Annotated[Hello | Subscribe | Unsubscribe | Command | Ack | Ping, Field(discriminator="type")]
_client_frames: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)


def decode(text: str | None) -> ClientFrame:
    """Reads a client's frame; ``text`` is None for a binary one. Raises `Refusal`."""
    if text is None:
        raise Refusal(CloseCode.MALFORMED, "malformed", "Frames are JSON text; this one was binary.")
    if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
        raise Refusal(CloseCode.TOO_BIG, "too_big", f"A frame may have {MAX_FRAME_BYTES} bytes at most.")
    try:
        return _client_frames.validate_json(text)
    except ValidationError as error:
        raise Refusal(CloseCode.MALFORMED, "malformed", _first_problem(error)) from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"The frame is not understood: {where + ': ' if where else ''}{problem['msg']}."


class Person(_Frame):
    """Who the socket belongs to, and the name of their own stream."""

    id: str
    username: str
    stream: str


class Welcome(_Frame):
    """The answer to hello. ``heartbeat`` is the number of seconds between pings."""

    type: Literal["welcome"] = "welcome"
    connection: str
    protocol: str = SUBPROTOCOL
    server_time: datetime
    heartbeat: float
    user: Person


class Snapshot(_Frame):
    """The state of a stream's things, whole; it contains at least every event up to ``seq``."""

    type: Literal["snapshot"] = "snapshot"
    stream: str
    epoch: str
    seq: int
    state: dict[str, Any]


class EventFrame(_Frame):
    """A durable fact. ``id`` is the same wherever and however often the event is seen."""

    type: Literal["event"] = "event"
    stream: str
    seq: int
    id: str
    name: str
    at: datetime
    data: dict[str, Any]


class SignalFrame(_Frame):
    """A fleeting update; a newer one replaces it."""

    type: Literal["signal"] = "signal"
    stream: str
    name: str
    at: datetime
    data: dict[str, Any]


class Done(_Frame):
    """The reply to a command that was carried out."""

    type: Literal["reply"] = "reply"
    id: UUID
    ok: Literal[True] = True
    data: dict[str, Any]


class Problem(_Frame):
    """What stood in the way of a command."""

    code: str
    message: str


class NotDone(_Frame):
    """The reply to a command that was refused."""

    type: Literal["reply"] = "reply"
    id: UUID
    ok: Literal[False] = False
    error: Problem


class Lagging(_Frame):
    """The client is behind: ``seq`` is the last event it was sent. It subscribes again from there."""

    type: Literal["lagging"] = "lagging"
    stream: str
    seq: int


class Pong(_Frame):
    """The answer to ping. Whatever the client said before the ping has been carried out."""

    type: Literal["pong"] = "pong"


class ErrorFrame(_Frame):
    """What is wrong; the close that follows has the code."""

    type: Literal["error"] = "error"
    code: str
    message: str


class GoingAway(_Frame):
    """The server stops; come back after so many milliseconds, which differ from socket to socket."""

    type: Literal["going_away"] = "going_away"
    reconnect_in_ms: int
