"""Runs daphne or django-q2's cluster in this process, tied to the life of the process that started it.

``python -m shipspeak.supervisor.tied PARENT daphne|qcluster [argument …]``

A parent that is killed can't stop its children, and django-q2's cluster works on without it for ever. So
on Linux the kernel is asked to kill each of them when its parent dies (PR_SET_PDEATHSIG, prctl(2)). A fork
clears that, so what forks from here asks again for itself: nothing outlives the supervisor.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Runs the program that ``arguments`` name, until it ends or its parent does."""
    parent, program, *rest = arguments
    die_with(int(parent))
    PROGRAMS[program](rest)


def die_with(parent: int) -> None:
    """Ends this process with ``parent``, its parent process: at once if that is already gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def run_web(arguments: list[str]) -> None:
    """Daphne, as its command line does, with bounded requests."""
    from daphne import http_protocol
    from daphne.cli import CommandLineInterface

    from shipspeak.supervisor.web_request import BoundedRequest

    http_protocol.WebRequest = BoundedRequest
    CommandLineInterface().run(arguments)


def run_workers(arguments: list[str]) -> None:
    """`manage.py qcluster`, with all that it forks tied to each other, and queues that bear a death."""
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    from django_q import cluster

    from shipspeak.supervisor.task_queue import TaskQueue

    cluster.Queue = TaskQueue
    tie_forks()
    execute_from_command_line(["manage.py", "qcluster", *arguments])


def tie_forks() -> None:
    """From now on ends every forked process with the one that forked it."""
    forking = [os.getpid()]

    def remember() -> None:
        forking[0] = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with(forking[0]))


PROGRAMS: dict[str, Callable[[list[str]], None]] = {"daphne": run_web, "qcluster": run_workers}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shipspeak.settings")
    main(sys.argv[1:])
