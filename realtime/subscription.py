"""One socket's place in one stream: every event once, in order, and no more unread than the window."""

from __future__ import annotations

from collections.abc import Callable

from realtime.conf import Limits
from realtime.log import Position
from realtime.metrics import events_sent
from realtime.outlet import Message, Outlet, text
from realtime.protocol import Lagging
from realtime.reading import Reading


class Subscription:
    """Takes a stream's events from the hub and hands on those that are next.

    It starts on hold: what comes is kept until `settle` brings what the log says. An event that comes too
    early means that something was missed: it goes on hold again, and ``recover`` has the log read from
    `position`. What goes out without being acknowledged is counted; when the window is full the client is
    told ``lagging`` and gets no more events until it subscribes again.

    Args:
        recover: must have the log read from `position` on, and `settle` called with that.
    """

    __slots__ = (
        "_bytes",
        "_held",
        "_limits",
        "_outlet",
        "_recover",
        "_unacked",
        "epoch",
        "lagging",
        "seq",
        "stream",
        "turn",
    )

    def __init__(
        self, stream: str, outlet: Outlet, limits: Limits, recover: Callable[[Subscription], None]
    ) -> None:
        self.stream = stream
        self.epoch = ""
        self.seq = 0
        self.turn = 0
        self.lagging = False
        self._outlet = outlet
        self._limits = limits
        self._recover = recover
        self._unacked = 0
        self._bytes = 0
        self._held: list[tuple[int, Message, int]] | None = []

    @property
    def position(self) -> Position:
        """The place after the last event that was handed on."""
        return Position(self.epoch, self.seq)

    def begin(self) -> int:
        """The client says where it stands: goes on hold, with nothing outstanding.

        Gives the turn that the reading is for; an earlier reading that comes late is of no use.
        """
        self.lagging = False
        self._unacked = self._bytes = 0
        self._held = []
        self.turn += 1
        return self.turn

    def settle(self, reading: Reading, turn: int) -> bool:
        """Takes the client to where ``reading`` ends, and on with what was kept meanwhile.

        False when the reading was for an earlier turn, and of no use.
        """
        if turn != self.turn:
            return False
        if reading.snapshot is not None:
            self._outlet.send(text(reading.snapshot))
        self.epoch, self.seq = reading.start.epoch, reading.start.seq
        for seq, frame in enumerate(reading.frames, reading.start.seq + 1):
            self._pass_on(seq, text(frame), len(frame))
        if reading.more:
            self._lag()
        held, self._held = self._held, None
        for event in held or ():
            self.deliver(*event)
        return True

    def ack(self, seq: int) -> None:
        """The client has handled everything up to ``seq``."""
        outstanding = min(self._unacked, max(0, self.seq - seq))
        if outstanding < self._unacked:  # the bytes by share: exact sizes would cost each socket a list
            self._bytes = self._bytes * outstanding // self._unacked
            self._unacked = outstanding

    def deliver(self, seq: int, message: Message, size: int) -> None:
        """Hands on event ``seq`` if it is the next one. ``size`` is its frame's length."""
        if self._held is not None:
            self._keep(seq, message, size)
        elif seq == self.seq + 1:
            self._pass_on(seq, message, size)
        elif seq > self.seq:
            self.restart()

    def signal(self, key: str, message: Message) -> None:
        """Hands on a signal."""
        self._outlet.signal(key, message)

    def restart(self) -> None:
        """Has the log read again: something was missed, or the stream began a new life."""
        if self._held is None and not self.lagging:
            self._held = []
            self.turn += 1
            self._recover(self)

    def _keep(self, seq: int, message: Message, size: int) -> None:
        assert self._held is not None
        if len(self._held) >= self._limits.window_events:
            self._held.clear()  # leaves a gap, which has the log read once more
        self._held.append((seq, message, size))

    def _pass_on(self, seq: int, message: Message, size: int) -> None:
        if self.lagging:
            return
        if self._unacked >= self._limits.window_events or self._bytes >= self._limits.window_bytes:
            self._lag()
            return
        self.seq = seq
        self._unacked += 1
        self._bytes += size
        self._outlet.send(message)
        events_sent.inc()

    def _lag(self) -> None:
        if not self.lagging:
            self.lagging = True
            self._outlet.send(text(Lagging(stream=self.stream, seq=self.seq).encode()))
