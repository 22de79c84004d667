"""Keeps the programs of a plan alive until it is told to stop, then stops them all."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from shipspeak.supervisor import drains
from shipspeak.supervisor.child import Child
from shipspeak.supervisor.console import Voice
from shipspeak.supervisor.probe import Probe
from shipspeak.supervisor.signals import Signals
from shipspeak.supervisor.watchdog import Watchdog

GRACE_SECONDS = 15.0
"""How long the programs may take to stop before they are killed."""
LOOK_SECONDS = 2.0
"""How often the drains are looked at."""
HOPELESS = 3
"""A program that fails so often, and was never well, is broken and not unlucky."""


class Supervisor:
    """One run of `up`.

    Args:
        children: the programs to keep alive.
        run: the folder of the drains' locks.
        voice: who tells the person.
        listening: the web process's socket, or None without one.
        announce: called once, when the site answers (or the workers work, where there is no site).
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        run: Path,
        voice: Voice,
        listening: socket.socket | None,
        announce: Callable[[], None],
    ) -> None:
        self.children = children
        self.failed = False
        self._run = run
        self._voice = voice
        self._listening = listening
        self._announce = announce
        self._announced = False
        self._probe: Probe | None = None
        self._watchdog = Watchdog(time.monotonic())
        self._looks_at = 0.0

    def run(self) -> int:
        """Runs everything until a stop signal; the exit status: 0, or 1 when a program can't be run."""
        with Signals() as signals:
            try:
                while not (signals.stops or self.failed):
                    self._tend(time.monotonic())
                    self._hear(signals)
            finally:
                self._stop(signals)
        return int(self.failed)

    # While it runs

    def _tend(self, now: float) -> None:
        for child in self.children:
            if child.ended():
                self._bury(child, now)
            if child.pid is None and now >= child.starts_at and not self.failed:
                self._start(child, now)
        if now >= self._looks_at:
            self._looks_at = now + LOOK_SECONDS
            self._look_at_drains(now)

    def _hear(self, signals: Signals) -> None:
        """Sleeps until something is due, or happens."""
        due = [self._looks_at, *(child.starts_at for child in self.children if child.pid is None)]
        others = [self._probe] if self._probe else []
        if signals.wait(min(due) - time.monotonic(), others) and self._probe:
            self._take_answer(self._probe)

    def _start(self, child: Child, now: float) -> None:
        child.start(now)
        if child.program[0] == "qcluster":
            self._watchdog.restarted(now)
        elif self._listening and not self._announced:
            self._probe = Probe(self._listening)

    def _bury(self, child: Child, now: float) -> None:
        status = child.reap(now)
        killed = child.did("was", "were") + f" ended by signal {-status}"
        ended = killed if status < 0 else child.did(f"ended with status {status}")
        if status > 0 and not child.was_well and child.backoff.deaths >= HOPELESS:
            self._voice.failure(f"{ended}, {HOPELESS} times in a row; the reason is above.")
            self.failed = True
            return
        wait = child.starts_at - now
        when = f"in {wait:g} s" if wait else "at once"
        self._voice.trouble(f"{ended}; starting again {when}.")

    def _take_answer(self, probe: Probe) -> None:
        self._probe = None
        if probe.succeeded():
            self._well("daphne")
        elif self._listening:
            self._probe = Probe(self._listening)

    def _look_at_drains(self, now: float) -> None:
        workers = self._child("qcluster")
        if workers is None or workers.pid is None:
            return
        running = drains.running(self._run)
        if running:
            self._well("qcluster")
        if self._watchdog.is_stuck(drains=len(running), now=now):
            self._voice.trouble("The workers have stopped taking work; starting them again.")
            workers.signal_group(signal.SIGKILL)

    def _well(self, program: str) -> None:
        child = self._child(program)
        if child:
            child.was_well = True
        if not self._announced and (program == "daphne" or not self._listening):
            self._announced = True
            self._announce()

    def _child(self, program: str) -> Child | None:
        return next((child for child in self.children if child.program[0] == program), None)

    # The end

    def _stop(self, signals: Signals) -> None:
        """Asks all to stop; kills what is left after the grace, or at a second stop signal."""
        if self._listening:
            self._listening.close()
        asked = signals.stops
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            child.ask_to_stop()
        while self._alive() and time.monotonic() < deadline and signals.stops <= max(asked, 1):
            self._ask_drains_to_stop()
            signals.wait(0.2)
        for child in self._alive():
            verb = "were" if child.is_plural else "was"
            self._voice.trouble(child.did(f"did not stop in time and {verb} killed."))
        self._reap_all()

    def _ask_drains_to_stop(self) -> None:
        workers = self._child("qcluster")
        if workers and workers.pid:
            drains.ask_to_stop(self._run, session=workers.pid)

    def _alive(self) -> list[Child]:
        return [child for child in self.children if child.pid and not child.ended()]

    def _reap_all(self) -> None:
        for child in self.children:
            if child.pid:
                child.reap(time.monotonic())
