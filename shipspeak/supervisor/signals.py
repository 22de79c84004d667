"""Waiting for signals without missing one, as a select loop does it."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Readable(Protocol):
    """What select can wait for."""

    def fileno(self) -> int: ...


class Signals:
    """Inside, the stop signals and the deaths of children end a `wait`, and do nothing else.

    Python writes each signal's number into a socket of ours (signal.set_wakeup_fd), so one that comes just
    before the wait ends it too. A context manager, for the main thread.
    """

    def __init__(self) -> None:
        self.stops = 0
        self._ours, self._pythons = socket.socketpair()
        self._former: dict[int, Any] = {}

    def wait(self, seconds: float, others: Sequence[Readable] = ()) -> list[Readable]:
        """Waits at most so long for a signal or one of ``others``; returns which of those are readable."""
        ready, _, _ = select.select([self._ours, *others], [], [], max(0.0, seconds))
        if self._ours in ready:
            ready.remove(self._ours)
            self.stops += sum(number in STOP for number in self._ours.recv(4096))
        return ready

    def __enter__(self) -> Self:
        for end in (self._ours, self._pythons):
            end.setblocking(False)
        signal.set_wakeup_fd(self._pythons.fileno(), warn_on_full_buffer=False)
        self._former = {number: signal.signal(number, _do_nothing) for number in _watched()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        self._ours.close()
        self._pythons.close()


def _watched() -> list[signal.Signals]:
    """The stop signals and SIGCHLD, but no SIGHUP where nohup has asked for it to be ignored."""
    ignores_hangup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return [number for number in (*STOP, signal.SIGCHLD) if not (ignores_hangup and number == signal.SIGHUP)]


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """The number in the socket says it all."""
