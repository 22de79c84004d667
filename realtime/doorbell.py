"""The doorbell of one machine: a datagram to the Unix socket of every process that listens.

A ring is a hint. It may be lost, doubled or late: the log is the truth, and whoever listens also looks
on its own from time to time. Where there is Redis, rings are heard on other machines as well (`wire`).

Each listener binds ``<directory>/<room>/<pid>-<random>``. Only this system user can reach the directory,
so a message is as trustworthy as the processes of this machine's ShipSpeak.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import hashlib
import os
import secrets
import socket
import stat
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from realtime import wire

MAX_MESSAGE_BYTES = 128 * 1024
"""The longest message; below the usual send buffer of a socket, 208 KB."""
_LONGEST_PATH = 107
"""Bytes of a Unix socket's path, unix(7): 108 with the closing zero."""
_LONGEST_NAME = len("/web-or-worker/4194304-0123456789abcdef")


def ring(room: str, message: bytes = b"") -> None:
    """Rings at every process that listens in ``room`` ("web", "worker"), on this machine and on others.

    Never blocks and never raises for a listener that is gone, full or deaf; the socket file of a dead one
    is removed. An empty message means "look at everything". ``message`` may have 128 KB.
    """
    try:
        wire.carry(_host(), room, message)
        room_path = directory() / room
        names = os.listdir(room_path)
    except OSError:  # nobody has listened yet; a directory that is wrong is told by the system check
        return
    for name in names:
        _send(f"{room_path}/{name}", message)


def _send(path: str, message: bytes) -> None:
    try:
        _sender(os.getpid()).sendto(message, path)
    except OSError as error:
        if error.errno == errno.ECONNREFUSED:  # nobody holds it any more: its process died
            with contextlib.suppress(OSError):
                os.unlink(path)


@cache
def _sender(pid: int) -> socket.socket:
    """One sending socket a process; ``pid`` gives a forked one its own."""
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    atexit.register(sender.close)
    return sender


class Listener:
    """A bound socket that hears every ring in ``room`` from now on. A context manager.

    Not for use from two threads at once, except `interrupt`.
    """

    def __init__(self, room: str) -> None:
        self._room = directory() / room
        self._room.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._buffer = bytearray(MAX_MESSAGE_BYTES)
        self._bind()
        self._ear = wire.listener(_host(), room, self.interrupt)

    def _bind(self) -> None:
        self._path = f"{self._room}/{os.getpid()}-{secrets.token_hex(8)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)

    def fileno(self) -> int:
        """For an event loop or a selector: readable when a ring has come."""
        return self._socket.fileno()

    def receive_all(self) -> list[bytes]:
        """The messages that have come, oldest first; empty when there are none. Does not wait."""
        self._socket.setblocking(False)
        return self._drain([])

    def wait(self, seconds: float) -> list[bytes]:
        """Waits for a ring at most so long, and gives all that have come."""
        self._socket.settimeout(seconds)
        try:
            first = self._receive()
        except TimeoutError:
            self._repair()
            return []
        self._socket.setblocking(False)
        return self._drain([first])

    def _drain(self, messages: list[bytes]) -> list[bytes]:
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self._receive())
        return messages

    def _receive(self) -> bytes:
        size = self._socket.recv_into(self._buffer)
        return bytes(memoryview(self._buffer)[:size])

    def _repair(self) -> None:
        """Binds anew if the socket's file was tidied away, which would leave it deaf for good."""
        if not os.path.exists(self._path):
            self._socket.close()
            self._room.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._bind()

    def interrupt(self, message: bytes) -> None:
        """Ends another thread's `wait` with a message for this listener alone."""
        _send(self._path, message)

    def close(self) -> None:
        """Stops listening and removes the socket's file."""
        if self._ear:
            self._ear.close()
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def capacity() -> int:
    """How many rings wait at a socket before further ones are lost, unix(7)."""
    try:
        return int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
    except (OSError, ValueError):
        return 1


def _host() -> str:
    return wire.name_of(str(directory()))


def directory() -> Path:
    """Where the rooms are: ``DATA_DIR/run``, or, where that is too long for a socket, a short stand-in."""
    return _directory(str(settings.DATA_DIR))


@cache
def _directory(data_dir: str) -> Path:
    wanted = Path(data_dir).resolve() / "run"
    if len(os.fsencode(wanted)) + _LONGEST_NAME > _LONGEST_PATH:
        digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
        wanted = Path(tempfile.gettempdir()) / f"shipspeak-{digest}"
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_private(wanted)
    return wanted


def _require_private(path: Path) -> None:
    """Refuses a directory that another user of the machine may have laid there."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to someone else. Remove it, or set DATA_DIR to another place.")
    path.chmod(0o700)
