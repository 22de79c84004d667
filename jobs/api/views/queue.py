"""The queue at a glance; and what operators do to all of it."""

from __future__ import annotations

from dataclasses import asdict

from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import overview, pausing, requeueing, standings
from jobs.api.answers import PauseGiven, QueueGiven, RequeueGiven
from jobs.api.endpoint import Endpoint
from jobs.api.idempotency import nothing, once, once_found_by
from jobs.api.openapi import operation
from jobs.api.requests import PauseRequest, RequeueRequest, ResumeRequest, understood
from jobs.models import KindPolicy
from jobs.requeueing import Chosen

MOST_REQUEUED = 1000
"""How many jobs one request requeues at most, so that it is answered in time."""


class Queue(Endpoint):
    """The queue."""

    @operation("queue_get", {200: QueueGiven})
    def get(self, request: Request) -> Response:
        """Your part of the queue, and what is paused; for staff also all of it, as `site`."""
        scene = standings.scene() if request.user.is_staff else None
        return Response(
            {
                **overview.mine(request.user, standings.line_of(scene) if scene else None),
                "paused": pausing.pauses(),
                "site": overview.site(scene) if scene else None,
            }
        )


class ForStaff(Endpoint):
    """What only staff may do."""

    permission_classes = [*Endpoint.permission_classes, IsAdminUser]


class Pause(ForStaff):
    """Pausing."""

    @operation("queue_pause", {200: PauseGiven}, (400,), request=PauseRequest, keyed=True)
    @once
    def post(self, request: Request) -> Response:
        """Starts nothing more of a kind, or at all. For staff. Pausing again changes how."""
        asked = understood(PauseRequest, request.data)
        policy = pausing.pause(
            asked.kind or "",
            by=request.user,
            stop_running=asked.stop_running,
            refuse_new=asked.refuse_new,
        )
        return Response(pausing.data(policy))


class Resume(ForStaff):
    """Going on."""

    @operation("queue_resume", {200: PauseGiven}, (400,), request=ResumeRequest, keyed=True)
    @once
    def post(self, request: Request) -> Response:
        """Lets a kind, or the whole queue, go on. For staff. It does no harm where nothing is paused."""
        kind = understood(ResumeRequest, request.data).kind or ""
        pausing.resume(kind)
        return Response(pausing.data(KindPolicy.objects.filter(kind=kind).first() or KindPolicy(kind=kind)))


class Requeue(ForStaff):
    """Dead letters."""

    @operation("queue_requeue", {200: RequeueGiven}, (400,), request=RequeueRequest, keyed=True)
    @once_found_by(nothing)  # what was requeued is not failed any more, so that it is not taken again
    def post(self, request: Request) -> Response:
        """Puts failed jobs of all people back into the queue, the oldest first. For staff. One request
        takes 1,000 of them; `left` says how many more there are."""
        asked = understood(RequeueRequest, request.data)
        since = requeueing.age(asked.since) if asked.since else None
        chosen = Chosen(kind=asked.kind or "", error=asked.error or "", since=since)
        requeueing.check(chosen)
        jobs = chosen.rows()
        foreseen = requeueing.foresee(jobs)
        requeued = 0 if asked.dry_run else sum(requeueing.requeue(jobs, MOST_REQUEUED))
        return Response(
            {
                "dry_run": asked.dry_run,
                "found": [asdict(heap) for heap in foreseen.heaps],
                "blocked": foreseen.blocked,
                "requeued": requeued,
                "left": max(0, foreseen.count - MOST_REQUEUED),
            }
        )
