"""What rides in the messages of the "web" doorbell, and nothing more: hints, never facts.

A message is one letter and fields with a zero byte between them:
``M`` and the streams that moved; ``S`` and a signal's stream, key and frame; ``O`` and the digest of a
session that was signed out; ``P`` and the id of a person whose rights may have changed. The empty message
means that anything may have moved.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from realtime.doorbell import MAX_MESSAGE_BYTES

_SEPARATOR = "\0"


@dataclass(frozen=True, slots=True)
class Moved:
    """These streams have new events; an empty tuple means any stream may have."""

    streams: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The message; the empty one when the names are too many for a datagram."""
        message = _SEPARATOR.join(("M", *self.streams)).encode()
        return message if len(message) <= MAX_MESSAGE_BYTES else b""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal itself. ``key`` tells which earlier signal it replaces."""

    stream: str
    key: str
    frame: str

    def encode(self) -> bytes:
        """The message."""
        return _SEPARATOR.join(("S", self.stream, self.key, self.frame)).encode()


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session has ended: its sockets must close."""

    session: str

    def encode(self) -> bytes:
        """The message."""
        return _SEPARATOR.join(("O", self.session)).encode()


@dataclass(frozen=True, slots=True)
class Changed:
    """A person's account, keys or rights changed: who is signed in as them must be looked up again."""

    person: str

    def encode(self) -> bytes:
        """The message."""
        return _SEPARATOR.join(("P", self.person)).encode()


Hint = Moved | Signal | SignedOut | Changed


def decode(message: bytes) -> Hint:
    """Reads a message. What is not understood counts as "look at everything"."""
    letter, *fields = message.decode(errors="replace").split(_SEPARATOR)
    if letter == "M":
        return Moved(tuple(fields))
    if letter == "S" and len(fields) == 3:
        return Signal(*fields)
    if letter == "O" and len(fields) == 1:
        return SignedOut(*fields)
    if letter == "P" and len(fields) == 1:
        return Changed(*fields)
    return Moved()


def digest(session_key: str) -> str:
    """Stands for a session where its key, which is a secret, should not be."""
    return hashlib.sha256(session_key.encode()).hexdigest()
