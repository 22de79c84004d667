from __future__ import annotations

import json
import logging

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from rest_framework.exceptions import ValidationError

from jobs.api import parsers, problems
from jobs.api.answers import ProblemGiven
from jobs.api.views import queue as queue_view
from jobs.models import Job
from shipspeak.accounts import api_keys
from tests.jobs.engine import job

JOBS = "/api/v1/jobs/"


def problem(answer, status, code):
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    told = ProblemGiven.model_validate_json(answer.content)
    assert (told.status, told.code, told.type) == (status, code, f"/problems/{code}")
    assert told.title
    assert told.detail.endswith(".")
    return told


@pytest.fixture
def api(alice, api_of):
    return api_of(alice)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["kinds/", "jobs/", "queue/", "status/", "uploads/", "jobs/batch/"])
def test_it_wants_to_know_who_asks(client, path):
    answer = client.get(f"/api/v1/{path}")
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
def test_it_refuses_a_wrong_key(client):
    problem(client.get(JOBS, headers={"Authorization": "Bearer ss_wrong"}), 401, "authentication_failed")


@pytest.mark.parametrize(("scope", "reads", "writes"), [("read", 200, 403), ("write", 403, 202)])
def test_it_lets_a_key_do_what_it_was_made_for(alice, client, scope, reads, writes):
    _, key = api_keys.issue(alice, scopes=[scope])
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get(JOBS, headers=headers).status_code == reads
    answer = client.post(JOBS, {"kind": "test.noop"}, "application/json", headers=headers)
    assert answer.status_code == writes


def test_it_wants_the_token_of_a_page_from_a_browser(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = browser.post(JOBS, {"kind": "test.noop"}, "application/json")
    problem(answer, 403, "csrf_failed")
    assert not Job.objects.exists()


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/jobs/", "/api/v1/jobs"])
def test_it_knows_no_other_addresses(client, path):
    for method in ("get", "post", "delete"):
        problem(getattr(client, method)(path), 404, "not_found")


def test_it_tells_which_methods_there_are(api):
    answer = api.delete(JOBS)
    problem(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer["Allow"].split(", "))


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"nothing", b'{"kind": NaN}', b"\xff\xfe", b"[" * 100_000, b"[" * 70 + b"]" * 70,
     b'{"kind": "\\ud800"}', b'{"kind": "a\\u0000b"}'],
)  # fmt: skip
def test_it_refuses_what_is_no_proper_json(api, body):
    answer = api.generic("POST", JOBS, body, "application/json")
    problem(answer, 400, "parse_error" if body else "bad_input")


def test_it_takes_a_backslash_and_a_whole_pair(api):
    body = b'{"kind": "test.ask", "input": {"text": "\\\\u0000 \\ud83d\\ude00"}}'
    assert api.generic("POST", JOBS, body, "application/json").status_code == 202
    assert Job.objects.get().input["text"] == "\\u0000 😀"


@pytest.mark.parametrize("piece", ["[]", "{}", "1", '"a"', '"\\\\"', '"\\""'])
def test_it_refuses_a_body_of_very_many_values_before_it_reads_them(api, piece, monkeypatch):
    monkeypatch.setattr(parsers.json, "loads", lambda *_, **__: pytest.fail("it was read"))
    body = '{"kind": "x", "input": [' + ",".join([piece] * 250_000) + "]}"
    answer = problem(api.post(JOBS, body, content_type="application/json"), 413, "too_big")
    assert "200,000 values" in answer.detail


def test_it_takes_long_texts_with_as_many_marks_as_they_like(api):
    text = 'Ann: one, two [three], {four} \\" five, ' * 60_000
    body = json.dumps({"kind": "nothing", "input": {"text": text}})
    problem(api.post(JOBS, body, content_type="application/json"), 400, "unknown_kind")


def test_it_takes_only_json(api):
    problem(api.generic("POST", JOBS, b"kind=x", "text/plain"), 415, "unsupported_media_type")
    problem(
        api.generic("POST", JOBS, b"kind=x", "application/x-www-form-urlencoded"),
        415,
        "unsupported_media_type",
    )


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_it_refuses_a_broken_form_also_from_a_browser(alice, api, kind):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.cookies["csrftoken"] = "a" * 32
    for client in (api, browser):
        answer = client.generic(
            "POST", "/api/v1/uploads/", b"nonsense", kind, headers={"X-CSRFToken": "a" * 32}
        )
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"


def test_it_takes_no_endless_body(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(api.post(JOBS, {"kind": "x" * 100}), 413, "too_big")


@pytest.mark.parametrize("accept", ["text/html", "application/problem+json", "text/csv", "nonsense"])
def test_it_answers_json_whatever_is_accepted(api, accept):
    assert api.get(JOBS, headers={"Accept": accept})["Content-Type"] == "application/json"


def test_it_asks_who_is_too_fast_to_slow_down(api, monkeypatch):
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min"})
    answers = [api.get("/api/v1/kinds/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    problem(answers[2], 429, "throttled")
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_it_hides_what_went_wrong_on_our_side_and_logs_it(api, monkeypatch, caplog):
    def fail(*args):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(queue_view.overview, "mine", fail)
    with caplog.at_level(logging.ERROR):
        answer = api.get("/api/v1/queue/", headers={"X-Request-ID": "trace-9"})
    problem(answer, 500, "unexpected_error")
    assert b"swordfish" not in answer.content
    (record,) = [one for one in caplog.records if one.name == problems.__name__]
    assert (record.trace, record.path) == ("trace-9", "/api/v1/queue/")
    assert "swordfish" in str(record.exc_info[1])


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_it_asks_to_come_again_while_the_database_is_away(api, monkeypatch, error):
    def fail(*args):
        raise error("connection refused by 10.0.0.5")

    monkeypatch.setattr(queue_view.overview, "mine", fail)
    answer = api.get("/api/v1/queue/")
    problem(answer, 503, "database_away")
    assert answer["Retry-After"] == "2"
    assert b"10.0.0.5" not in answer.content


def test_it_keeps_answers_out_of_caches(api):
    assert api.get(JOBS)["Cache-Control"] == "no-store"


def test_it_names_each_field_of_nested_faults():
    told = problems.problem_of(ValidationError({"a": ["One."], "b": {"c": ["Two.", "Three."]}}))
    assert told.errors == [
        {"path": "a", "message": "One."},
        {"path": "b.c", "message": "Two."},
        {"path": "b.c", "message": "Three."},
    ]


def test_it_tells_what_a_job_s_status_does_not_allow(api):
    made = job("noop")
    told = problem(api.post(f"{JOBS}{made.pk}/retry/"), 409, "not_allowed_now")
    assert "queued" in told.detail
