"""Where the site that runs on a data directory is found: `up` notes it there for other commands' links."""

from __future__ import annotations

import os
from pathlib import Path

NOTE = Path("run") / "address"
"""The note in the data directory: the process id of the `up` that wrote it, a space, the address."""
USUAL = "http://127.0.0.1:8000"


def keep(data_dir: Path, address: str) -> None:
    """Notes that this process serves the site at ``address``. Nobody reads half of a note."""
    draft = data_dir / f"{NOTE}.new"
    draft.write_text(f"{os.getpid()} {address}")
    draft.replace(data_dir / NOTE)


def forget(data_dir: Path) -> None:
    """Takes the note of this process away."""
    if _read(data_dir)[0] == os.getpid():
        (data_dir / NOTE).unlink(missing_ok=True)


def noted(data_dir: Path) -> str:
    """The address of the site that runs on ``data_dir``; the usual one when none does.

    What an `up` left behind that was killed is not believed.
    """
    pid, address = _read(data_dir)
    return address if pid and _lives(pid) else USUAL


def _read(data_dir: Path) -> tuple[int, str]:
    try:
        pid, _, address = (data_dir / NOTE).read_text().partition(" ")
    except OSError:
        return 0, ""
    return (int(pid), address) if pid.isdecimal() else (0, "")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
