"""A drain as a process of its own, which tests may kill: ``python -m tests.jobs.drain_process [SECONDS]``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.processes import ROOT, end_with_parent, environment


@contextmanager
def drain_process(
    data_dir: Path, database_url: str, *arguments: str, **extra: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A drain while inside; afterwards it is stopped in order, unless it was killed.

    Args:
        data_dir: the data directory of its host: one drain more on the same host takes the next slot.
        database_url: the database whose queue it works on.
        arguments: how often it writes progress and looks after its steps, in seconds, if not as usual.
        extra: environment variables.
    """
    with (data_dir / "drain.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.drain_process", *arguments],
            cwd=ROOT,
            env=environment(data_dir, {"DATABASE_URL": database_url, **extra}),
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent(),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def url_of_tests() -> str:
    """The `DATABASE_URL` of the database that this test uses."""
    from django.db import connection

    found: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    person = f"{quote(found['USER'])}:{quote(found['PASSWORD'])}"
    return f"postgres://{person}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


if __name__ == "__main__":
    import django

    django.setup()

    from jobs import worker

    for seconds in map(float, sys.argv[1:]):
        worker.KEEP_SECONDS = worker.LOOK_SECONDS = seconds
    worker.drain()
