"""Submitting jobs, and listing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import actions, standings
from jobs.actions import Checked, Submission
from jobs.api.answers import BatchGiven, EstimateGiven, JobGiven, JobPage
from jobs.api.endpoint import Endpoint
from jobs.api.idempotency import nothing, once_found_by
from jobs.api.jobs_of import chosen, jobs_of, many_jobs, one_job, seq_of
from jobs.api.openapi import operation, parameters
from jobs.api.pages import Newest
from jobs.api.requests import BatchRequest, JobQuery, JobRequest, NeedRequest, asked_for, understood
from jobs.errors import SubmitError
from jobs.identifiers import uuid7
from jobs.models import IdempotentRequest, Job, Upload
from jobs.needs import Need
from jobs.presentation import money
from jobs.shapes import of_predicted

KNOWN: dict[str, Any] = {
    "cost_usd": "0",
    "tokens": 0,
    "seconds": 0.0,
    "queue": {"position": 1, "eta_seconds": 0.0},
    "cached": True,
}
"""What a job takes whose result is known from an earlier one."""


def submitted(row: IdempotentRequest) -> Response | None:
    """The answer to a job that an earlier try submitted."""
    found = _of(row).filter(pk=row.work).first() if row.work else None
    return Response(one_job(row.user, found.pk), 202) if found else None


def submitted_batch(row: IdempotentRequest) -> Response | None:
    """The answer to a batch that an earlier try submitted."""
    found = list(_of(row).filter(batch=row.work).order_by("pk")) if row.work else []
    return _batch(found) if found else None


class Jobs(Endpoint):
    """Jobs."""

    @operation("jobs_list", {200: JobPage}, (400,), parameters=parameters(JobQuery))
    def get(self, request: Request) -> Response:
        """Your jobs, newest first."""
        query = asked_for(JobQuery, request)
        seq, pages = seq_of(request.user), Newest()
        found = pages.paginate_queryset(chosen(jobs_of(request.user), query), request, self)
        return pages.get_paginated_response(many_jobs(found or [], seq))

    @operation("jobs_create", {202: JobGiven}, (400, 402, 409, 413, 415, 429), request=JobRequest, keyed=True)
    @once_found_by(submitted)
    def post(self, request: Request) -> Response:
        """Submits a job. The answer comes at once; watch the job by its `stream`, or ask again."""
        asked = understood(JobRequest, request.data)
        (submission,) = submissions(request.user, [asked])
        job = actions.submit(request.user, submission, job_id=self.work, trace_id=self.trace_id)
        return Response(one_job(request.user, job.pk), 202)


class Batch(Endpoint):
    """Many jobs at once."""

    @operation(
        "jobs_batch", {202: BatchGiven}, (400, 402, 409, 413, 415, 429), request=BatchRequest, keyed=True
    )
    @once_found_by(submitted_batch)
    def post(self, request: Request) -> Response:
        """Submits up to 1,000 jobs: all of them, or none."""
        asked = understood(BatchRequest, request.data).jobs
        wanted = submissions(request.user, asked, "jobs.{}.upload")
        try:
            batch = self.work or uuid7()
            # The first job's id too: a batch's is not unique, so two tries could both be accepted.
            jobs = actions.submit_many(
                request.user, wanted, batch=batch, first_id=self.work, trace_id=self.trace_id
            )
        except SubmitError:
            _blame(wanted)
            raise
        return _batch(jobs)


class Estimate(Endpoint):
    """What a job would take."""

    @operation("jobs_estimate", {200: EstimateGiven}, (400, 415), request=JobRequest, keyed=True)
    @once_found_by(nothing)
    def post(self, request: Request) -> Response:
        """What a job would cost, how long it would take, and where in the queue it would stand. Nothing is
        created."""
        asked = understood(JobRequest, request.data)
        (submission,) = submissions(request.user, [asked])
        checked = actions.check(submission)
        if actions.is_known(request.user, checked):
            return Response(KNOWN)
        return Response(_estimate(request.user.pk, checked))


def submissions(user: Any, asked: Sequence[JobRequest], path: str = "upload") -> list[Submission]:
    """What ``user`` asked for, with their uploads. `SubmitError` when one of these is not theirs: its path is
    ``path``, with the number of the one at fault for “{}”."""
    ids = {one.upload for one in asked if one.upload}
    uploads = Upload.objects.filter(owner_id=user.pk).in_bulk(ids) if ids else {}
    for number, one in enumerate(asked):
        if one.upload and one.upload not in uploads:
            message = "There is no such upload of yours. Hand in the file first."
            raise SubmitError(message, errors=[{"path": path.format(number), "message": message}])
    return [_submission(one, uploads) for one in asked]


def _submission(one: JobRequest, uploads: dict[UUID, Upload]) -> Submission:
    return Submission(
        kind=one.kind,
        input=one.input,
        upload=uploads[one.upload] if one.upload else None,
        options=one.options,
        priority=one.priority,
        tags=one.tags,
        depends_on=[_need(need) for need in one.depends_on],
        run_at=one.run_at,
        reuse=one.reuse,
    )


def _need(asked: UUID | NeedRequest) -> Need:
    if isinstance(asked, UUID):
        return Need(asked)
    return Need(asked.job, asked.index, asked.on_failure)


def _blame(wanted: Sequence[Submission]) -> None:
    """Says which job of a batch is at fault, if it is one job's fault."""
    for number, submission in enumerate(wanted):
        try:
            actions.check(submission)
        except SubmitError as error:
            _blamed(number, error)


def _blamed(number: int, error: SubmitError) -> NoReturn:
    error.message = f"Job {number + 1} of the batch: {error.message}"
    error.errors = [{**one, "path": f"jobs.{number}.{one['path']}"} for one in error.errors]
    raise error


def _batch(jobs: Sequence[Job]) -> Response:
    return Response({"batch": str(jobs[0].batch), "jobs": [str(job.pk) for job in jobs]}, 202)


def _estimate(owner_id: Any, checked: Checked) -> dict[str, Any]:
    estimate = checked.estimate
    load = of_predicted(checked.kind, checked.predicted)
    place = standings.place_of_new(owner_id, checked.priority, load)
    return {
        "cost_usd": money(estimate.cost_usd),
        "tokens": estimate.tokens,
        "seconds": round(load.path.p50, 1),
        "queue": {"position": place.position, "eta_seconds": round(place.eta_seconds, 1)},
        "cached": False,
    }


def _of(row: IdempotentRequest) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=row.user_id).defer("input", "options")
