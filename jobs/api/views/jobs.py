"""Submitting jobs, and listing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn
from uuid import UUID

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
from jobs.api.requests import BatchRequest, JobQuery, JobRequest, asked_for, understood
from jobs.errors import SubmitError
from jobs.identifiers import uuid7
from jobs.models import IdempotentRequest, Job, Upload
from jobs.presentation import money


def submitted(row: IdempotentRequest) -> Response | None:
    """The answer to a job that an earlier try submitted."""
    found = _from(row).filter(batch=None).first()
    return Response(one_job(row.user, found.pk), 202) if found else None


def submitted_batch(row: IdempotentRequest) -> Response | None:
    """The answer to a batch that an earlier try submitted."""
    found = list(_from(row).exclude(batch=None).order_by("pk"))
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
        job = actions.submit(request.user, submission, trace_id=self.trace_id)
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
        wanted = submissions(request.user, asked)
        try:
            jobs = actions.submit_many(request.user, wanted, batch=uuid7(), trace_id=self.trace_id)
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
        return Response(_estimate(request.user.pk, actions.check(submission)))


def submissions(user: Any, asked: Sequence[JobRequest]) -> list[Submission]:
    """What ``user`` asked for, with their uploads. `SubmitError` when one of these is not theirs."""
    ids = {one.upload for one in asked if one.upload}
    uploads = Upload.objects.filter(owner_id=user.pk).in_bulk(ids) if ids else {}
    for number, one in enumerate(asked):
        if one.upload and one.upload not in uploads:
            path = "upload" if len(asked) == 1 else f"jobs.{number}.upload"
            message = "There is no such upload of yours. Hand in the file first."
            raise SubmitError(message, errors=[{"path": path, "message": message}])
    return [_submission(one, uploads) for one in asked]


def _submission(one: JobRequest, uploads: dict[UUID, Upload]) -> Submission:
    return Submission(
        kind=one.kind,
        input=one.input,
        upload=uploads[one.upload] if one.upload else None,
        options=one.options,
        priority=one.priority,
        tags=one.tags,
    )


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
    estimate, kind = checked.estimate, checked.kind
    first = sum(step.seconds for step in kind.steps if not step.depends_on)
    place = standings.place_of_new(owner_id, checked.priority, first, estimate.seconds)
    return {
        "cost_usd": money(estimate.cost_usd),
        "tokens": estimate.tokens,
        "seconds": round(estimate.seconds, 1),
        "queue": {"position": place.position, "eta_seconds": round(place.eta_seconds, 1)},
    }


def _from(row: IdempotentRequest) -> Any:
    return Job.objects.filter(
        owner_id=row.user_id, trace_id=row.trace_id, created_at__gte=row.created_at
    ).defer("input", "options")
