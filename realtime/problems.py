"""Errors over HTTP, as RFC 9457 has them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from pydantic import ValidationError

from realtime import faults

ANSWERS = {
    "forbidden": (HTTPStatus.NOT_FOUND, "There is no such stream for you to watch."),
    "invalid": (HTTPStatus.BAD_REQUEST, "The parameters of the address are not understood."),
    "not_signed_in": (HTTPStatus.UNAUTHORIZED, "Nobody is signed in here, or no longer. Sign in again."),
    "server_full": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "This server has as many connections as it can take. Try again in a while.",
    ),
    "too_many_connections": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "You have as many connections as one person may. Close one, or wait.",
    ),
}
"""What the long-poll is refused with, by code: the status, and what it says where no more is known."""


def problem(status: HTTPStatus, code: str, detail: str, **more: Any) -> JsonResponse:
    """An ``application/problem+json`` response; ``detail`` is the sentence for people."""
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    response = JsonResponse(body | more, status=status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    if status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        response["Retry-After"] = "5"
    return response


def invalid(error: ValidationError) -> JsonResponse:
    """What to answer to parameters that do not fit."""
    errors = faults.of(error)
    paths = ", ".join(each["path"] for each in errors)
    detail = f"These parameters are not understood: {paths}. See `errors` for what is allowed."
    return problem(HTTPStatus.BAD_REQUEST, "invalid", detail, errors=errors)
