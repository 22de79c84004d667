"""`/metrics`: what Prometheus reads, for this host and for whoever has the token."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, or 403 and how to get them."""
    if not (_has_token(request) or _is_from_here(request)):
        refusal = "Metrics are for this host, or for who sends METRICS_TOKEN as a bearer token.\n"
        return HttpResponse(refusal, status=403, content_type="text/plain")
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(given, settings.METRICS_TOKEN)


def _is_from_here(request: HttpRequest) -> bool:
    """Whether the client itself is on this host; what a proxy on this host passes on does not count."""
    if any(name in request.META for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
