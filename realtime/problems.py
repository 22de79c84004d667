"""Errors over HTTP, as RFC 9457 has them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from pydantic import ValidationError


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
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [{"path": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in found]
    paths = ", ".join(each["path"] for each in errors)
    detail = f"These parameters are not understood: {paths}. See `errors` for what is allowed."
    return problem(HTTPStatus.BAD_REQUEST, "invalid", detail, errors=errors)
