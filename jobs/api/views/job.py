"""One job: seen, stopped, tried again, moved in the queue; and its result."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import HttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import actions, export
from jobs.api.answers import JobGiven
from jobs.api.endpoint import Endpoint
from jobs.api.idempotency import once
from jobs.api.jobs_of import job_of, one_job
from jobs.api.openapi import ANYTHING, TEXT, operation, parameters
from jobs.api.requests import ExportQuery, PriorityRequest, asked_for, understood
from jobs.errors import NotAllowedNow, ResultPruned
from jobs.models import Job, JobResult
from jobs.states import TERMINAL, Status


class OneJob(Endpoint):
    """A job."""

    @operation("jobs_get", {200: JobGiven}, (404,))
    def get(self, request: Request, job_id: UUID) -> Response:
        """The job, as it is now."""
        return Response(one_job(request.user, job_id))


class Cancel(Endpoint):
    """Stopping a job."""

    @operation("jobs_cancel", {200: JobGiven}, (404, 409), keyed=True)
    @once
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stops the job; a step that runs is stopped within a second."""
        actions.cancel(job_of(request.user, job_id))
        return Response(one_job(request.user, job_id))


class Retry(Endpoint):
    """Trying a job again."""

    @operation("jobs_retry", {200: JobGiven}, (404, 409), keyed=True)
    @once
    def post(self, request: Request, job_id: UUID) -> Response:
        """Puts a failed or cancelled job back into the queue; it goes on from where it stopped."""
        actions.retry(job_of(request.user, job_id))
        return Response(one_job(request.user, job_id))


class SetPriority(Endpoint):
    """Moving a job in the queue."""

    @operation("jobs_priority", {200: JobGiven}, (400, 404, 409), request=PriorityRequest, keyed=True)
    @once
    def post(self, request: Request, job_id: UUID) -> Response:
        """Changes the head start that the job has in the queue."""
        job = job_of(request.user, job_id)
        actions.reprioritise(job, understood(PriorityRequest, request.data).priority)
        return Response(one_job(request.user, job_id))


class Result(Endpoint):
    """What a job came to."""

    @operation("jobs_result", {200: ANYTHING}, (404, 409, 410))
    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        """The result; its form is the kind's."""
        return HttpResponse(_stored(job_of(request.user, job_id)), content_type="application/json")


class Export(Endpoint):
    """A result as a file."""

    @operation("jobs_export", {200: TEXT}, (400, 404, 409, 410), parameters=parameters(ExportQuery))
    def get(self, request: Request, job_id: UUID, form: str) -> HttpResponse:
        """The result as a file: ``json``, ``md`` (Markdown) or ``csv`` (its lists, as one flat table)."""
        if form not in export.FORMS:
            raise NotFound(f"There is no export “{form}”. There are: {', '.join(export.FORMS)}.")
        job, part = job_of(request.user, job_id), asked_for(ExportQuery, request).part
        return as_file(export.made(form, job, _stored(job), part))


def as_file(made: export.File) -> HttpResponse:
    """``made`` as a download."""
    return HttpResponse(
        made.content,
        content_type=made.media_type,
        headers={"Content-Disposition": made.disposition, "X-Content-Type-Options": "nosniff"},
    )


def _stored(job: Job) -> str:
    """The result's JSON as it is stored: decoding a long meeting's and encoding it anew takes 30 ms."""
    if job.status != Status.COMPLETED:
        raise NotAllowedNow(_no_result_yet(job))
    rows: Any = JobResult.objects.filter(pk=job.pk).annotate(stored=Cast("content__data", TextField()))
    stored: str | None = rows.values_list("stored", flat=True).first()
    if stored is None:
        raise ResultPruned
    return stored


def _no_result_yet(job: Job) -> str:
    if job.status in TERMINAL:
        return f"This job is {job.status}, so it has no result. Retry it to get one."
    return f"This job is {job.status}; it has a result once it is completed."
