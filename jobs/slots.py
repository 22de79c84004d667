"""The slots of a host: how many drains run on it, kept by locks that die with their holder."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings


def count() -> int:
    """How many drains a host runs: all its django-q2 workers but one, which is kept for housekeeping."""
    return max(1, int(settings.WORKER_POOL_SIZE) - 1)


def host() -> str:
    """The name under which this host's workers are known: the machine's, and one for its data directory.

    Two installations, or containers, may have the same machine name; the slots are those of a directory.
    """
    return f"{socket.gethostname()}/{_directory_name()}"


def _directory_name() -> str:
    path = _folder() / "name"
    if not path.exists():
        written = path.with_name(f"name-{secrets.token_hex(4)}")
        written.write_text(secrets.token_hex(4))
        with suppress(FileExistsError):  # another process was first; nobody ever sees one half written
            os.link(written, path)
        written.unlink()
    return path.read_text()


@contextmanager
def free_slot() -> Iterator[int | None]:
    """Holds a free slot while inside, or gives None when all are taken.

    The kernel drops the lock when its holder dies, however it dies; so whoever gets a slot knows that
    the slot's former holder is gone, and may rescue its steps without waiting for their leases.
    """
    for slot in range(count()):
        lock = os.open(_path(slot), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            os.truncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            yield slot
        finally:
            os.truncate(lock, 0)
            os.close(lock)
        return
    yield None


def _path(slot: int) -> Path:
    return _folder() / f"drain-{slot}.lock"


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
