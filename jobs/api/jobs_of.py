"""A person's own jobs as the API shows them, in a number of queries that does not grow with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound

from jobs import live
from jobs.api.requests import JobQuery
from jobs.models import Job
from jobs.presentation import job_data
from realtime.log import position


def jobs_of(user: Any) -> QuerySet[Job]:
    """The person's jobs, without what only workers need."""
    return Job.objects.filter(owner_id=user.pk).defer("input", "options")


def job_of(user: Any, job_id: UUID) -> Job:
    """The person's job with this id. Another's is not to be told from none: NotFound."""
    try:
        return jobs_of(user).get(pk=job_id)
    except Job.DoesNotExist:
        raise NotFound("There is no such job of yours.") from None


def chosen(jobs: QuerySet[Job], query: JobQuery) -> QuerySet[Job]:
    """Those of ``jobs`` that fit the query."""
    if query.status:
        jobs = jobs.filter(status=query.status)
    if query.kind:
        jobs = jobs.filter(kind=query.kind)
    if query.tag:
        jobs = jobs.filter(tags__contains=f"|{query.tag}|")
    if query.q:
        jobs = jobs.filter(Q(title__icontains=query.q) | Q(filename__icontains=query.q))
    if query.created_after:
        jobs = jobs.filter(created_at__gt=query.created_after)
    return jobs


def seq_of(user: Any) -> int:
    """Where the person's stream ends. Read it before the jobs that are to be shown with it."""
    return position(f"user:{user.pk}").seq


def one_job(user: Any, job_id: UUID) -> dict[str, Any]:
    """The job object of the person's job. NotFound when it is not theirs."""
    seq = seq_of(user)
    ((job, steps, place),) = live.with_steps([job_of(user, job_id)])
    return job_data(job, steps, place=place, seq=seq)


def many_jobs(jobs: Sequence[Job], seq: int) -> list[dict[str, Any]]:
    """The job objects of ``jobs``, which were read after ``seq`` was."""
    return [job_data(job, steps, place=place, seq=seq) for job, steps, place in live.with_steps(jobs)]
