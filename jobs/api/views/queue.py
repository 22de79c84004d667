"""The queue at a glance."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from jobs import overview
from jobs.api.answers import QueueGiven
from jobs.api.endpoint import Endpoint
from jobs.api.openapi import operation


class Queue(Endpoint):
    """The queue."""

    @operation("queue_get", {200: QueueGiven})
    def get(self, request: Request) -> Response:
        """Your part of the queue; for staff also all of it, as `site`."""
        site = overview.site() if request.user.is_staff else None
        return Response({**overview.mine(request.user), "site": site})
