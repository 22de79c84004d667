"""`/healthz`: this process is alive. `/readyz`: so are all parts it needs."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse

from shipspeak import parts


def alive() -> HttpResponse:
    """200, from this process alone: asks neither the database nor anyone else."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready() -> JsonResponse:
    """200 when every part is ok or merely degraded, else 503; each part's state as JSON."""
    found = [look() for look in parts.READINESS]
    state = parts.worst(found)
    components = {
        part.name: {"state": part.state, "detail": part.detail, "latency_ms": part.latency_ms}
        for part in found
    }
    return JsonResponse({"state": state, "components": components}, status=503 if state == "down" else 200)


class HealthMiddleware:
    """Answers both before anything else looks at the request.

    Who asks for them comes by an address and over plain HTTP, as load balancers do; the checks of host
    name and TLS that pages need would turn them away.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """The answer if the request is for one of the two, else what the site answers."""
        if request.path_info == "/healthz":
            return _now(alive()) if self.is_async else alive()
        if request.path_info == "/readyz":
            return sync_to_async(ready)() if self.is_async else ready()
        return self.get_response(request)


async def _now(response: HttpResponse) -> HttpResponse:
    return response
