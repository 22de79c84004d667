"""How the site is."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api import health
from jobs.api.answers import StatusGiven
from jobs.api.endpoint import Endpoint
from jobs.api.openapi import operation


class Status(Endpoint):
    """The parts of the site."""

    @operation("status_get", {200: StatusGiven})
    def get(self, request: Request) -> Response:
        """The state of the site and of each of its parts. What providers say is up to 15 seconds old."""
        return Response(health.report())
