"""Pages of jobs, newest first, each continuing after a job and not after a number of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import is_aware

from jobs.models import Job
from jobs.moments import utc

PAGE_SIZE = 25
MARK = "~"


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, and the cursor with which the next page begins; "" on the last."""

    jobs: Sequence[Job]
    after: str


def page(jobs: QuerySet[Job], after: str, length: int = PAGE_SIZE) -> Page:
    """The page of ``jobs`` that follows the one which ended with cursor ``after``; the first without it.

    New jobs do not shift the pages, as they would shift numbered ones (keyset pagination). A cursor that
    can't be read gives the first page.
    """
    found = list(_older(jobs, after).defer("input").order_by("-created_at", "-id")[: length + 1])
    return Page(found[:length], _cursor(found[length - 1]) if len(found) > length else "")


def _cursor(last: Job) -> str:
    return f"{last.created_at:%Y-%m-%dT%H:%M:%S.%fZ}{MARK}{last.id}"


def _older(jobs: QuerySet[Job], after: str) -> QuerySet[Job]:
    place = _place(after)
    if place is None:
        return jobs
    created_at, job_id = place
    return jobs.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=job_id))


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    moment, _, job_id = cursor.partition(MARK)
    try:
        created_at, found = datetime.fromisoformat(moment), UUID(job_id)
        return (utc(created_at), found) if is_aware(created_at) else None
    except ValueError:
        return None
