"""Puts dead letters back into the queue: `manage.py requeue`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import requeueing
from jobs.errors import SubmitError
from jobs.requeueing import Chosen


class Command(BaseCommand):
    """`manage.py requeue [--job ID ...] [--kind K] [--error CODE] [--since 2h] [--dry-run]`.

    Without ``--job`` it is failed jobs that are requeued; a cancelled one must be named.
    """

    help = "Puts failed jobs back into the queue; each goes on from the step that failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--job", nargs="+", type=UUID, default=[], metavar="ID", help="only these")
        parser.add_argument("--kind", default="", help="only of this kind")
        parser.add_argument(
            "--error", default="", metavar="CODE", help="only those that failed with this code"
        )
        parser.add_argument(
            "--since", type=_age, help="only those that ended within this time, like 2h or 3d"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(
        self,
        *args: Any,
        job: list[UUID],
        kind: str,
        error: str,
        since: timedelta | None,
        dry_run: bool,
        **options: Any,
    ) -> None:
        """Requeues them, the oldest first, and says how far it is."""
        jobs = _chosen(Chosen(job, kind, error, since)).rows()
        foreseen = requeueing.foresee(jobs)
        for heap in foreseen.heaps:
            self.stdout.write(f"  {heap.count} × {heap.kind}: {heap.error or 'cancelled'}")
        count = foreseen.count
        if foreseen.blocked:
            self.stdout.write(_blocked(foreseen.blocked))
        if dry_run:
            self.stdout.write(f"{count} would be requeued.")
            return
        done = 0
        for more in requeueing.requeue(jobs):
            done += more
            if count > requeueing.AT_ONCE:
                self.stdout.write(f"  {done} of {count}")
        self.stdout.write(f"{done} requeued.")


def _chosen(chosen: Chosen) -> Chosen:
    try:
        requeueing.check(chosen)
    except SubmitError as error:
        raise CommandError(error.message) from None
    return chosen


def _blocked(count: int) -> str:
    jobs = "1 more waits" if count == 1 else f"{count} more wait"
    return f"{jobs} for a job that failed and is not among these. Requeue that one first, or with them."


def _age(text: str) -> timedelta:
    try:
        return requeueing.age(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
