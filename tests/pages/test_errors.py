"""Pages for what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.test import Client, RequestFactory

from shipspeak.accounts.models import User
from shipspeak.pages import errors


def test_it_says_that_there_is_nothing(client: Client, db: None) -> None:
    answer = client.get("/nothing/here/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


@pytest.mark.parametrize(
    ("view", "error", "status"),
    [
        (errors.bad_request, SuspiciousOperation(), 400),
        (errors.bad_request, RequestDataTooBig(), 413),
        (errors.permission_denied, None, 403),
        (errors.csrf_failure, "", 403),
        (errors.not_found, None, 404),
    ],
)
def test_it_draws_each_without_the_database(view: Callable[..., Any], error: Any, status: int) -> None:
    answer = view(RequestFactory().get("/somewhere/"), error)

    assert answer.status_code == status
    assert f'<p class="error__code">{status}</p>' in answer.content.decode()


def test_it_says_that_something_broke_without_the_database() -> None:
    answer = errors.server_error(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()


def test_it_shows_nobody_a_traceback(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("shipspeak.accounts.sign_in_links.user_of", broken)
    client.raise_request_exception = False

    answer = client.get("/sign-in/once/token/")

    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()


def test_it_says_that_the_database_is_away(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("shipspeak.accounts.sign_in_links.user_of", away)
    client.raise_request_exception = False

    answer = client.get("/sign-in/once/token/")

    assert answer.status_code == 503
    assert "The database does not answer" in answer.content.decode()


def test_it_gives_programs_problem_details() -> None:
    answer = errors.server_error(RequestFactory().get("/api/v1/jobs/"))

    assert answer["Content-Type"] == "application/problem+json"
    assert b'"code": "unexpected_error"' in answer.content


def test_it_answers_413_to_a_text_that_is_too_big(
    alice: User, browser_of: Callable[[User], Client], settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    body = "text=" + "Ann:+hello%0A" * 1000
    answer = browser_of(alice).post("/meetings/new/", body, "application/x-www-form-urlencoded")

    assert answer.status_code == 413
