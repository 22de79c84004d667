"""No request is answered with a code that the page of errors does not tell of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_framework import exceptions

from jobs import errors_page
from jobs.api import problems
from jobs.api.refusals import ANSWERS
from jobs.errors import JobError

ROOT = Path(__file__).resolve().parents[3]
ANSWERING = [
    *ROOT.glob("jobs/api/**/*.py"),
    *ROOT.glob("notifications/api/*.py"),
    *(ROOT / "realtime" / f"{name}.py" for name in ("api", "hub", "problems", "reading")),
    ROOT / "shipspeak/pages/errors.py",
]
"""Where requests to the API are answered by a code that stands there as a word."""
MAKERS = {"Problem", "problem", "_plain", "Refusal"}


class Odd(exceptions.APIException):
    """An error of somebody else's, as a package may bring it."""

    status_code = 418
    default_code = "teapot"


RAISED = [
    Odd(),
    exceptions.APIException(),
    exceptions.AuthenticationFailed("No."),
    exceptions.MethodNotAllowed("PUT"),
    exceptions.NotAcceptable(),
    exceptions.NotAuthenticated(),
    exceptions.NotFound(),
    exceptions.NotFound("There is no such job of yours."),
    exceptions.ParseError(code="strange"),
    exceptions.PermissionDenied("CSRF Failed: no token."),
    exceptions.PermissionDenied(),
    exceptions.Throttled(3),
    exceptions.UnsupportedMediaType("text/x"),
    exceptions.ValidationError({"a": ["No."]}),
    RuntimeError("No."),
]


def written(path: Path) -> set[str]:
    """The codes that stand in a file where an answer is made."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    words = [
        argument.value
        for call in calls
        if ast.unparse(call.func).rpartition(".")[2] in MAKERS
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    return {word for word in words if re.fullmatch("[a-z_]+", word)}


def ours(error: type[JobError] = JobError) -> Iterator[type[JobError]]:
    for narrower in error.__subclasses__():
        yield narrower
        yield from ours(narrower)


def test_every_code_that_stands_in_the_source_is_told_of():
    found = set().union(*map(written, ANSWERING))
    assert found >= {"not_found", "invalid", "not_signed_in", "too_many_connections", "csrf_failed"}
    assert found <= errors_page.codes()


def test_every_error_of_ours_is_told_of():
    answering = (error for error in ours() if hasattr(error, "status"))
    found = {error.code for error in answering if not error.__module__.startswith("tests.")}
    assert found <= errors_page.codes()


@pytest.mark.parametrize("error", RAISED, ids=repr)
def test_every_error_of_the_framework_is_answered_with_one_that_is_told_of(error):
    told = problems.problem_of(error)
    assert told.code in errors_page.codes()
    assert told.detail.endswith(".")
    if told.code in ANSWERS and told.code != "bad_request":
        assert told.status == ANSWERS[told.code].status


def test_it_tells_what_to_do_and_no_word_of_the_framework():
    assert "Allow header" in problems.problem_of(exceptions.MethodNotAllowed("PUT")).detail
    assert "Retry-After" in problems.problem_of(exceptions.Throttled(3)).detail
    own = "This API key is not made for that."
    assert problems.problem_of(exceptions.PermissionDenied(own)).detail == own
