"""What a client gets when it comes to a stream: the events it missed, or a snapshot. This part queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from realtime import identity, log, rights, snapshots
from realtime.identity import Credentials
from realtime.log import Position
from realtime.protocol import CloseCode, Refusal, Snapshot

PAGE = 500
"""Events read at once; who misses more asks again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a stream.

    Attributes:
        start: the place that ``frames`` go on from.
        position: the place after all of it.
        snapshot: the snapshot's frame, which takes the client to ``start``; None when it stood there.
        frames: the events' frames after that.
        more: whether the log had further events.
    """

    start: Position
    position: Position
    snapshot: str | None
    frames: Sequence[str]
    more: bool


Wanted = Mapping[str, Position | None]
"""Streams by the name that the client gave them, each with the place where the client stands."""


def open_streams(
    credentials: Credentials, wanted: Wanted, limit: int = PAGE
) -> tuple[AbstractBaseUser, dict[str, Reading]]:
    """Finds out who is there, and reads what they want and may have.

    Raises `Refusal` when the credentials are no good, or one of the streams is not theirs to watch.
    """
    user = require(credentials)
    return user, {
        name: read(name, since, limit)
        for name, since in ((watchable(user, asked), since) for asked, since in wanted.items())
    }


def require(credentials: Credentials) -> AbstractBaseUser:
    """The person, looked up now. Raises `Refusal`."""
    user = identity.who(credentials)
    if user is None:
        raise Refusal(
            CloseCode.NOT_SIGNED_IN, "not_signed_in", "Nobody is signed in here, or no longer. Sign in again."
        )
    return user


def require_still(credentials: Credentials, streams: Iterable[str]) -> None:
    """Raises `Refusal` when the person is not signed in any more, or may not watch one of the streams."""
    user = require(credentials)
    for stream in streams:
        watchable(user, stream)


def watchable(user: AbstractBaseUser, asked: str) -> str:
    """The name of the stream that the person calls ``asked``. Raises `Refusal` when it is not theirs."""
    stream = rights.own_stream(user) if asked == rights.OWN else asked
    if not rights.may_watch(user, stream):
        raise Refusal(CloseCode.FORBIDDEN, "forbidden", f"There is no stream {asked} for you to watch.")
    return stream


def read(stream: str, since: Position | None, limit: int = PAGE) -> Reading:
    """Reads the stream from where a client stands, without asking whether it may."""
    events = log.read(stream, since, limit)
    if events is None or since is None:
        position, state = snapshots.take(stream)
        frame = Snapshot(stream=stream, epoch=position.epoch, seq=position.seq, state=state).encode()
        return Reading(position, position, frame, (), more=False)
    return Reading(since, events.position, None, events.frames, events.more)
