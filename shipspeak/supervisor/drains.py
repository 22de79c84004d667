"""The drains of this host, by the locks that they hold while they run (`jobs.slots`)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from pathlib import Path


def running(run: Path) -> list[int]:
    """The process ids of the drains whose locks in the folder ``run`` are held."""
    return [pid for lock in sorted(run.glob("drain-*.lock")) if (pid := _holder(lock))]


def ask_to_stop(run: Path, session: int) -> None:
    """Sends SIGTERM to the drains of one session: they give their steps back and end.

    A cluster that is told to stop waits for its tasks, and a drain can take minutes; so the drains are
    told as well. The session makes sure that a process id in a stale file is not a stranger's.
    """
    for pid in running(run):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGTERM)


def _holder(lock: Path) -> int:
    """The process that holds ``lock``; 0 when none does, or it is about to."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read().strip()
            return int(text) if text.isdigit() else 0
    return 0
