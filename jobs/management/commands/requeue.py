"""Puts dead letters back into the queue: `manage.py requeue`."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from jobs import actions
from jobs.models import Job
from jobs.states import REQUEUEABLE, Status

AT_ONCE = 100
"""How many jobs are requeued in one transaction, so that the queue goes on meanwhile."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """`manage.py requeue [--job ID ...] [--kind K] [--error CODE] [--since 2h] [--dry-run]`.

    Without ``--job`` it is failed jobs that are requeued; a cancelled one must be named.
    """

    help = "Puts failed jobs back into the queue; each goes on from the step that failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--job", nargs="+", type=UUID, default=[], metavar="ID", help="only these")
        parser.add_argument("--kind", help="only of this kind")
        parser.add_argument("--error", metavar="CODE", help="only those that failed with this code")
        parser.add_argument(
            "--since", type=_age, help="only those that ended within this time, like 2h or 3d"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Requeues them, the oldest first."""
        found = list(_chosen(**options).order_by("finished_at", "pk").values_list("pk", "kind", "error_code"))
        for (kind, code), count in sorted(Counter((kind, code) for _, kind, code in found).items()):
            self.stdout.write(f"  {count} × {kind}: {code or 'cancelled'}")
        if dry_run:
            self.stdout.write(f"{len(found)} would be requeued.")
            return
        ids = [pk for pk, _, _ in found]
        done = sum(actions.requeue(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE))
        self.stdout.write(f"{done} requeued.")


def _chosen(
    *, job: list[UUID], kind: str | None, error: str | None, since: timedelta | None, **_: Any
) -> QuerySet[Job]:
    jobs = Job.objects.filter(status__in=REQUEUEABLE if job else [Status.FAILED])
    if job:
        jobs = jobs.filter(pk__in=job)
    if kind:
        jobs = jobs.filter(kind=kind)
    if error:
        jobs = jobs.filter(error_code=error)
    if since:
        jobs = jobs.filter(finished_at__gte=timezone.now() - since)
    return jobs


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not found:
        raise ArgumentTypeError(f"“{text}” is no time: write a number and s, m, h or d, like 2h.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
