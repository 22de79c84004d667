"""What must hold before anything is started, each with a sentence for when it does not."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

BACKLOG = 2048
"""Connections that may wait to be taken. daphne's own 50 made 1,000 clients, 100 at a time, take 8 s."""


RUNS = {"web": "web process already runs", "workers": "workers already run"}


class CannotStart(Exception):
    """Why `up` can't start, in a sentence or two."""


def lock(run: Path, role: str) -> int:
    """Takes the lock that one `up` has for ``role`` ("web" or "workers") on a data directory.

    Returns its file descriptor, which holds it until this process ends, however it ends.
    """
    try:
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(run / f"up-{role}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(_not_writable(run, error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode() or "?"
        os.close(descriptor)
        raise CannotStart(
            f"ShipSpeak's {RUNS[role]} on {run.parent} (process {holder}). "
            "Stop that one first, or give this one a DATA_DIR of its own."
        ) from None
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def listen(host: str, port: int) -> socket.socket:
    """The socket on which the web process will take connections.

    It belongs to the supervisor: it is there before the web process is, and outlives one that dies, so a
    client that comes meanwhile waits a moment instead of being refused.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotStart(_cannot_listen(host, port, error)) from None
    listening.set_inheritable(True)
    return listening


def require_writable_database() -> None:
    """Takes the database's write lock and gives it back. Raises `CannotStart`."""

    def take() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    despite_a_break(take)


def despite_a_break(work: Callable[[], None]) -> None:
    """Does ``work``, which may be begun again, with the database; once more on a new connection if the first
    breaks off. Raises `CannotStart` if that does, too."""
    try:
        try:
            work()
        except (OperationalError, InterfaceError):
            connection.close()
            work()
    except (DatabaseError, InterfaceError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise CannotStart(
            f"The database can't be used: {reason}. Check DATABASE_URL, or that DATA_DIR can be written."
        ) from None


def migrate(folder: Path) -> None:
    """Brings the tables to this version, in a process of its own: a broken migration can raise anything."""
    command = [sys.executable, str(folder / "manage.py"), "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotStart(f"The database can't be migrated: {last} (`manage.py migrate` tells all of it.)")


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program. Stop it, or choose another port with PORT= or --port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} may not be used by this user. Choose one above 1023 with PORT= or --port."
    return f"Can't listen on {host}, port {port}: {error.strerror}. Choose others with --host and --port."


def _not_writable(run: Path, error: OSError) -> str:
    return (
        f"DATA_DIR ({run.parent}) can't be written: {error.strerror}. "
        "Make it writable, or set DATA_DIR to a folder that is."
    )
