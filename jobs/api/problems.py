"""Errors of the API, as RFC 9457 has them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response

from jobs.api.parsers import TooBig
from jobs.api.refusals import ANSWERS, SPECIFIC
from jobs.errors import DatabaseAway, JobError

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
DATABASE_BACK_SECONDS = 2
"""After so long it is worth trying again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with a request.

    Args:
        status: of the HTTP answer.
        code: stable word for programs.
        detail: for people: what happened, why, what to do.
        errors: for input, what is wrong where: ``{"path": ..., "message": ...}``.
        headers: of the answer.
        extra: more members of its JSON.
    """

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """The answer's JSON."""
        data: dict[str, Any] = {
            **self.extra,
            "type": f"/problems/{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        return data | {"errors": self.errors} if self.errors else data

    def response(self) -> Response:
        """The answer."""
        return Response(self.data(), self.status, headers=self.headers, content_type=MEDIA_TYPE)


def handler(error: Exception, context: dict[str, Any]) -> Response:
    """What to answer to whatever a view of the API raised. Set as DRF's ``EXCEPTION_HANDLER``."""
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("an API request failed", exc_info=error, extra=_place(context))
    return problem.response()


def problem_of(error: Exception) -> Problem:
    """The problem that ``error`` is, as far as its sender may know."""
    if isinstance(error, JobError):
        return _of_job_error(error)
    if isinstance(error, exceptions.APIException):
        return _of_api_exception(error)
    if isinstance(error, OperationalError | InterfaceError):
        return _of_job_error(DatabaseAway(retry_after=DATABASE_BACK_SECONDS))
    if isinstance(error, Http404):
        return _plain("not_found")
    if isinstance(error, PermissionDenied):
        return _plain("permission_denied")
    if isinstance(error, RequestDataTooBig):
        return _of_job_error(TooBig(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    if isinstance(error, SuspiciousOperation | BadRequest | MultiPartParserError | UnreadablePostError):
        return _plain("bad_request")
    return _plain("unexpected_error")


def _plain(code: str) -> Problem:
    return Problem(ANSWERS[code].status, code, ANSWERS[code].sentence)


def _of_job_error(error: JobError) -> Problem:
    status = int(getattr(error, "status", 0))
    if not status:
        return _plain("unexpected_error")
    errors: list[dict[str, str]] = getattr(error, "errors", [])
    extra: dict[str, str] = getattr(error, "extra", {})
    return Problem(status, error.code, error.message, errors, _retry_after(error.retry_after), extra)


def _of_api_exception(error: exceptions.APIException) -> Problem:
    headers = _retry_after(getattr(error, "wait", None))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flat(error.detail))
        sentence = " ".join(f"{one['path']}: {one['message']}".removeprefix(": ") for one in errors)
        return Problem(error.status_code, "bad_input", sentence, errors, headers)
    code = _code(error)
    said = code in SPECIFIC and error.detail != error.default_detail
    return Problem(
        error.status_code, code, str(error.detail) if said else ANSWERS[code].sentence, [], headers
    )


def _code(error: exceptions.APIException) -> str:
    """The code of an error of DRF; of one that we never raise and do not know, by its status."""
    if str(error.detail).startswith("CSRF Failed"):
        return "csrf_failed"
    if isinstance(error, exceptions.NotFound) and error.detail != exceptions.NotFound.default_detail:
        return "no_such_object"
    if error.default_code in ANSWERS:
        return str(error.default_code)
    return "bad_request" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "unexpected_error"


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested messages, each with the path of what it is about."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flat(inner, f"{path}.{name}".strip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, path)
    else:
        yield {"path": path, "message": str(detail)}


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(ceil(seconds))}


def _place(context: dict[str, Any]) -> dict[str, str]:
    request = context.get("request")
    trace_id = getattr(context.get("view"), "trace_id", "")
    return {"path": getattr(request, "path", ""), "trace": trace_id}
