"""What private servers have in common: finding their program, starting it, ending it."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import end_with_parent


class Missing(Exception):
    """The machine lacks a program that a private server needs."""


def program(name: str, *places: str) -> str:
    """The path of ``name``: from ``places`` (patterns of folders; the last that fits) or from PATH.

    Raises:
        Missing: it is in none of them.
    """
    found = [path for place in places for path in sorted(glob.glob(f"{place}/{name}"), key=_version)]
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise Missing(f"there is no {name} on this machine")
    return path


def _version(path: str) -> list[int]:
    return [int(part) for part in Path(path).parts if part.isdigit()]


@contextmanager
def folder_of(account: str | None) -> Iterator[Path]:
    """A new folder that only ``account`` may enter (None: who runs this); it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="shipspeak-service-", ignore_cleanup_errors=True) as name:
        if account:
            shutil.chown(name, account, account)
        yield Path(name)


@contextmanager
def server(command: Sequence[str], folder: Path, account: str | None = None) -> Iterator[Path]:
    """Runs ``command`` in ``folder`` while inside, and gives the file that it writes its log to.

    The kernel kills the server when this process dies, so that none is left behind.

    Args:
        command: the program and its arguments; it must stay in the foreground.
        folder: its working directory.
        account: the user that it runs as, when root runs this.
    """
    log = folder / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, preexec_fn=end_with_parent(), **run_as(account)
        )
    try:
        yield log
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_as(account: str | None) -> dict[str, Any]:
    """Arguments of `subprocess` for running as ``account``; None for the user who runs this."""
    return {"user": account, "group": account, "extra_groups": []} if account else {}


def unprivileged() -> str | None:
    """The account for servers that refuse to run as root; None when nobody needs one."""
    return "postgres" if os.geteuid() == 0 else None
