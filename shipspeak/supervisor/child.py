"""One supervised process, with everything that it forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shipspeak.supervisor.backoff import Backoff


@dataclass(slots=True)
class Child:
    """A program that `shipspeak.supervisor.tied` runs in a session of its own.

    Its own session keeps a terminal's Ctrl-C from its workers, which must end in order, and makes one
    process group of all that it forks.

    Args:
        name: what people call it.
        program: the name that `tied` knows it by, and its arguments.
        folder: where it runs.
        environment: its environment variables.
        descriptors: open files that it inherits.
        is_plural: whether its name is a plural.
    """

    name: str
    program: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()
    is_plural: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    was_well: bool = False
    started_at: float = 0.0
    starts_at: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    def did(self, singular: str, plural: str = "") -> str:
        """Its name with its verb: "The workers were"; ``plural`` is given where the two differ."""
        return f"The {self.name} {plural if plural and self.is_plural else singular}"

    @property
    def pid(self) -> int | None:
        """The process's id, which is its group's and session's too; None while it does not run."""
        return self._process.pid if self._process else None

    def start(self, now: float) -> None:
        """Starts it. ``now`` is a time of the monotonic clock, as are all times here."""
        self.started_at = now
        tied = [sys.executable, "-m", "shipspeak.supervisor.tied", str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603
            [*tied, *self.program],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=self.descriptors,
            start_new_session=True,
        )

    def ended(self) -> bool:
        """Whether it has ended and waits to be reaped."""
        if self._process is None:
            return False
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, how) is not None

    def reap(self, now: float) -> int:
        """Takes leave of an ended process; returns its exit status, negative for a signal.

        Kills what is left of its group first: while the leader is not reaped, nobody else can have its id.
        """
        assert self._process is not None
        self.signal_group(signal.SIGKILL)
        status = self._process.wait()
        self._process = None
        self.starts_at = now + self.backoff.after(now - self.started_at)
        return status

    def ask_to_stop(self) -> None:
        """Sends SIGTERM to the process itself, which ends what it forked in its own way."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to the process and everything that it forked."""
        if self._process:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                return  # it had only just been started, or all of it is gone
