"""Pages for what went wrong. Programs, which ask below /api/, get problem details (RFC 9457) instead."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from jobs.api import problems
from jobs.errors import DatabaseAway


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP status, what it is called, a code for programs, and a sentence that says what to do."""

    status: int
    title: str
    code: str
    detail: str


BAD_REQUEST = Problem(
    400,
    "That request can’t be read",
    "bad_request",
    "Something in it is not as it should be. Go back, reload the page and try again.",
)
FORBIDDEN = Problem(
    403,
    "You may not do that",
    "permission_denied",
    "Your account has no right to it. If you think that it should, ask the person who runs this ShipSpeak.",
)
EXPIRED = Problem(
    403,
    "This page was open for too long",
    "csrf_failed",
    "What you sent did not come with a valid token, so nothing was changed. Go back, reload the page and "
    "send it again. Cookies must be allowed for this site.",
)
NOT_FOUND = Problem(
    404,
    "There is nothing here",
    "not_found",
    "The address may be mistyped, or what was here belongs to someone else or is gone.",
)
TOO_LARGE = Problem(
    413,
    "That is more than the server takes",
    "too_big",
    "Send less at once: split the transcript, or upload it as a file instead of pasting it.",
)
SERVER_ERROR = Problem(
    500,
    "Something broke on our side",
    "unexpected_error",
    "The error is in the log. Nothing that you had submitted is lost. Try again in a moment.",
)
DATABASE_AWAY = Problem(
    503,
    "The database does not answer",
    DatabaseAway.code,
    "Nothing that you had submitted is lost. Reload the page in a moment.",
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; or 413 for a request that is refused for its size."""
    return answer(request, TOO_LARGE if isinstance(exception, RequestDataTooBig) else BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return answer(request, FORBIDDEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403, for a form without a valid token."""
    return answer(request, EXPIRED)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return answer(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 while the database is away. Asks neither it nor the session: either may be what broke."""
    is_away = isinstance(sys.exception(), OperationalError | InterfaceError)
    problem = DATABASE_AWAY if is_away else SERVER_ERROR
    if _is_program(request):
        return _details(problem)
    return HttpResponse(render_to_string("500.html", {"problem": problem}), status=problem.status)


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """``problem`` as a page, or as details for a program."""
    if _is_program(request):
        return _details(problem)
    return render(request, f"{problem.status}.html", {"problem": problem}, status=problem.status)


def _is_program(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _details(problem: Problem) -> HttpResponse:
    details = problems.Problem(problem.status, problem.code, problem.detail).data()
    return JsonResponse(details, status=problem.status, content_type=problems.MEDIA_TYPE)
