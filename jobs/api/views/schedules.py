"""Jobs that come again and again: one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import schedules
from jobs.actions import Submission
from jobs.api.answers import ScheduleGiven, SchedulePage
from jobs.api.endpoint import Endpoint
from jobs.api.idempotency import once
from jobs.api.openapi import operation, parameters
from jobs.api.pages import Newest
from jobs.api.requests import PageQuery, ScheduleChange, ScheduleRequest, asked_for, understood
from jobs.errors import SubmitError
from jobs.models import Schedule, Upload
from jobs.presentation import moment
from jobs.schedules import Wish
from jobs.states import Priority

SHOWN = 3
"""How many of its next times are told."""


class Schedules(Endpoint):
    """Schedules."""

    @operation("schedules_list", {200: SchedulePage}, (400,), parameters=parameters(PageQuery))
    def get(self, request: Request) -> Response:
        """Your schedules, newest first."""
        asked_for(PageQuery, request)
        pages = Newest()
        found = pages.paginate_queryset(Schedule.objects.filter(owner_id=request.user.pk), request, self)
        return pages.get_paginated_response([schedule_data(one) for one in found or []])

    @operation("schedules_create", {201: ScheduleGiven}, (400, 409, 415), request=ScheduleRequest, keyed=True)
    @once
    def post(self, request: Request) -> Response:
        """Has a job submitted again and again. The first one comes at its next time."""
        asked = understood(ScheduleRequest, request.data)
        submission = Submission(
            kind=asked.kind,
            input=asked.input,
            upload=_upload(request.user, asked.upload),
            options=asked.options,
            priority=asked.priority,
            tags=asked.tags,
        )
        wish = Wish(submission, asked.cron, asked.timezone, asked.title, asked.missed, asked.enabled)
        return Response(schedule_data(schedules.create(request.user, wish)), 201)


class OneSchedule(Endpoint):
    """A schedule."""

    @operation("schedules_get", {200: ScheduleGiven}, (404,))
    def get(self, request: Request, schedule_id: UUID) -> Response:
        """The schedule, as it is now."""
        return Response(schedule_data(_own(request.user, schedule_id)))

    @operation("schedules_change", {200: ScheduleGiven}, (400, 404), request=ScheduleChange)
    def patch(self, request: Request, schedule_id: UUID) -> Response:
        """Changes what is given. With another time, and when it is switched on, it counts from now."""
        asked = understood(ScheduleChange, request.data)
        changes: dict[str, Any] = {name: getattr(asked, name) for name in asked.model_fields_set}
        if "timezone" in changes:
            changes["zone"] = changes.pop("timezone")
        if "upload" in changes:
            changes["upload"] = _upload(request.user, changes["upload"])
        found = _own(request.user, schedule_id)
        return Response(schedule_data(schedules.change(found, **changes)))

    @operation("schedules_delete", {204: None}, (404,))
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        """Ends the schedule. Jobs that it submitted stay."""
        _own(request.user, schedule_id).delete()
        return Response(status=204)


def schedule_data(schedule: Schedule) -> dict[str, Any]:
    """The schedule as the API shows it."""
    return {
        "id": str(schedule.pk),
        "title": schedule.title,
        "kind": schedule.kind,
        "input": schedule.input,
        "upload": str(schedule.upload_id) if schedule.upload_id else None,
        "options": schedule.options,
        "priority": Priority(schedule.priority).label,
        "tags": [tag for tag in schedule.tags.split("|") if tag],
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "missed": schedule.missed,
        "enabled": schedule.enabled,
        "next_at": moment(schedule.next_at),
        "next_times": [moment(one) for one in schedules.next_times(schedule, SHOWN)],
        "last_at": moment(schedule.last_at),
        "last_error": schedule.last_error,
        "created_at": moment(schedule.created_at),
        "links": {"self": f"/api/v1/schedules/{schedule.pk}/", "page": "/schedules/"},
    }


def _own(user: Any, schedule_id: UUID) -> Schedule:
    found = Schedule.objects.filter(pk=schedule_id, owner_id=user.pk).first()
    if found is None:
        raise NotFound("There is no such schedule of yours.")
    return found


def _upload(user: Any, upload_id: UUID | None) -> Upload | None:
    if upload_id is None:
        return None
    found = Upload.objects.filter(pk=upload_id, owner_id=user.pk).first()
    if found is None:
        message = "There is no such upload of yours. Hand in the file first."
        raise SubmitError(message, errors=[{"path": "upload", "message": message}])
    return found
