from __future__ import annotations

from base64 import b64encode
from datetime import UTC, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import actions, standings
from jobs.api.answers import BatchGiven, BudgetProblemGiven, EstimateGiven, JobGiven, JobPage, KindsGiven
from jobs.errors import InvalidData
from jobs.kinds import Estimate
from jobs.models import Job, Upload
from tests.jobs.engine import claim, job, settle
from tests.jobs.filing import MEDIA_TYPE

JOBS = "/api/v1/jobs/"


@pytest.fixture
def api(alice, api_of):
    return api_of(alice)


def make_upload(owner, **fields):
    values = {"filename": "a.txt", "size": 7, "media_type": MEDIA_TYPE, "sha256": "", "file": "nowhere"}
    return Upload.objects.create(owner=owner, **values | fields)


def test_it_lists_the_kinds_with_their_schemas_and_steps(api):
    kinds = KindsGiven.model_validate_json(api.get("/api/v1/kinds/").content).root
    (chain,) = [kind for kind in kinds if kind.name == "test.chain"]
    assert [(step.name, step.depends_on) for step in chain.steps] == [
        ("first", []),
        ("second", ["first"]),
        ("third", ["first", "second"]),
    ]
    assert chain.input_schema["properties"]["seconds"]["maximum"] == 600
    (filing,) = [kind for kind in kinds if kind.name == "test.filing"]
    assert filing.accepts == [MEDIA_TYPE]


def test_it_accepts_a_job(api, alice):
    answer = api.post(JOBS, {"kind": "test.slow", "input": {"seconds": 1}, "priority": "high", "tags": ["x"]})
    assert answer.status_code == 202
    given = JobGiven.model_validate_json(answer.content)
    assert (given.kind, given.status, given.priority, given.tags) == ("test.slow", "queued", "high", ["x"])
    assert given.queue.position == 1
    assert given.seq == 1
    assert given.stream == f"user:{alice.pk}"
    assert api.get(given.links.self).json()["id"] == str(given.id)


@pytest.mark.parametrize(
    ("body", "path", "word"),
    [
        ({}, "kind", "missing"),
        ({"kind": "nonsense"}, None, "test.slow"),
        ({"kind": "test.slow", "input": {"seconds": "x"}}, "input.seconds", "number"),
        ({"kind": "test.slow", "input": []}, "input", "an object"),
        ({"kind": "test.slow", "colour": 1}, "colour", "no field of this name"),
        ({"kind": "test.slow", "options": {"colour": 1}}, "options.colour", "no field of this name"),
        ({"kind": "test.slow", "priority": "now"}, "priority", "urgent"),
        ({"kind": "test.slow", "upload": "x"}, "upload", "an id"),
        ({"kind": "test.slow", "upload": str(uuid4())}, "upload", "no such upload"),
        ({"kind": "test.slow", "tags": "x"}, "tags", "list"),
        ([], "", "an object"),
    ],
)
def test_it_says_what_is_wrong_with_a_request_and_creates_nothing(api, body, path, word):
    answer = api.post(JOBS, body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert word in problem["detail"]
    assert problem["detail"].endswith(".")
    if path is not None:
        assert path in [error["path"] for error in problem["errors"]]
    assert (problem["code"] == "bad_options") == ((path or "").startswith("options."))
    assert not Job.objects.exists()


def test_it_takes_no_upload_of_another(api, bob):
    answer = api.post(JOBS, {"kind": "test.filing", "upload": str(make_upload(bob).pk)})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "upload"


def test_it_takes_no_upload_of_a_type_that_the_kind_does_not_accept(api, alice):
    upload = make_upload(alice, media_type="image/png")
    answer = api.post(JOBS, {"kind": "test.filing", "upload": str(upload.pk)})
    assert answer.status_code == 400
    assert MEDIA_TYPE in answer.json()["detail"]


def test_it_says_when_to_come_back_when_the_caps_are_reached(api, settings):
    settings.QUEUE_MAX_PER_USER = 1
    assert api.post(JOBS, {"kind": "test.noop"}).status_code == 202
    answer = api.post(JOBS, {"kind": "test.noop"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["code"] == "too_many_jobs"


def test_it_carries_the_callers_request_id_to_the_job(api):
    answer = api.post(JOBS, {"kind": "test.noop"}, headers={"X-Request-ID": "trace-7"})
    assert answer["X-Request-ID"] == Job.objects.get().trace_id == "trace-7"
    odd = api.post(JOBS, {"kind": "test.noop"}, headers={"X-Request-ID": "no spaces, please"})
    assert odd["X-Request-ID"] == Job.objects.first().trace_id != "no spaces, please"


def test_it_submits_a_batch_at_once(api):
    answer = api.post(f"{JOBS}batch/", {"jobs": [{"kind": "test.noop"}] * 3})
    assert answer.status_code == 202
    given = BatchGiven.model_validate_json(answer.content)
    assert set(given.jobs) == set(Job.objects.values_list("pk", flat=True))
    assert set(Job.objects.values_list("batch", flat=True)) == {given.batch}


def test_it_says_which_job_of_a_batch_has_no_upload(api):
    answer = api.post(f"{JOBS}batch/", {"jobs": [{"kind": "test.slow", "upload": str(uuid4())}]})
    assert [one["path"] for one in answer.json()["errors"]] == ["jobs.0.upload"]


@pytest.mark.parametrize(
    ("path", "body"), [("", {"kind": "test.slow"}), ("batch/", {"jobs": [{"kind": "test.slow"}] * 2})]
)
def test_it_says_what_is_left_of_the_budget_and_when_it_renews(path, body, api, settings, monkeypatch):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.20")
    monkeypatch.setattr(actions, "estimate", lambda *_: Estimate(Decimal("0.125"), 10, 1.0))
    assert api.post(JOBS, {"kind": "test.slow"}).status_code == 202
    answer = api.post(f"{JOBS}{path}", body)
    assert (answer.status_code, answer["Content-Type"]) == (402, "application/problem+json")
    told = BudgetProblemGiven.model_validate_json(answer.content)
    assert (told.code, told.left_usd) == ("budget_exceeded", "0.075")
    assert timedelta(0) < told.renews_at - timezone.now() <= timedelta(days=1)
    assert told.renews_at.timetz() == time(tzinfo=UTC)
    assert Job.objects.count() == 1


def test_it_says_which_job_of_a_batch_is_at_fault_and_takes_none(api):
    answer = api.post(
        f"{JOBS}batch/", {"jobs": [{"kind": "test.noop"}, {"kind": "test.noop", "input": {"x": 1}}]}
    )
    assert answer.status_code == 400
    assert "Job 2" in answer.json()["detail"]
    assert answer.json()["errors"][0]["path"] == "jobs.1.input.x"
    assert not Job.objects.exists()


@pytest.mark.parametrize("jobs", [[], [{"kind": "test.noop"}] * 1001])
def test_it_takes_no_empty_and_no_endless_batch(api, jobs):
    assert api.post(f"{JOBS}batch/", {"jobs": jobs}).status_code == 400


def test_it_estimates_without_creating_anything(api):
    job("slow", owner="bob")
    answer = api.post(f"{JOBS}estimate/", {"kind": "test.chain"})
    assert answer.status_code == 200
    given = EstimateGiven.model_validate_json(answer.content)
    assert given.cost_usd == "0"
    assert given.seconds == pytest.approx(6, rel=0.2)
    assert given.queue.position == 2
    assert Job.objects.count() == 1


def test_it_foresees_the_place_that_the_job_then_gets(api, alice):
    for owner in ("bob", "charlie", "alice", "alice"):
        job("slow", owner=owner)
    claim(1)
    foreseen = api.post(f"{JOBS}estimate/", {"kind": "test.slow"}).json()["queue"]
    made = api.post(JOBS, {"kind": "test.slow"}).json()
    assert foreseen["position"] == made["queue"]["position"]
    assert foreseen["eta_seconds"] == pytest.approx(made["queue"]["eta_seconds"], abs=0.1)


def test_it_lists_ones_own_jobs_newest_first(api):
    mine = [job("noop"), job("slow")]
    job("noop", owner="bob")
    page = JobPage.model_validate_json(api.get(JOBS).content)
    assert [one.id for one in page.results] == [mine[1].pk, mine[0].pk]
    assert (page.next, page.previous) == (None, None)


def test_it_pages_through_all_jobs_and_back(api):
    made = [str(job("noop").pk) for _ in range(7)][::-1]
    pages = [api.get(f"{JOBS}?page_size=3").json()]
    while pages[-1]["next"]:
        pages.append(api.get(pages[-1]["next"]).json())
    assert [one["id"] for page in pages for one in page["results"]] == made
    job("noop")
    back = api.get(pages[-1]["previous"]).json()
    assert [one["id"] for one in back["results"]] == made[3:6]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=queued", 2),
        ("status=failed", 1),
        ("kind=test.slow", 1),
        ("tag=red", 1),
        ("tag=re", 0),
        ("q=NOOP", 2),
        ("q=nothing", 0),
        ("created_after=2020-01-01", 3),
        ("created_after=2100-01-01T00:00:00Z", 0),
        ("status=&kind=&tag=&q=&created_after=", 3),
        ("status=queued&kind=test.noop", 1),
    ],
)
def test_it_filters(api, query, expected):
    failed = job("noop")
    settle(claim()[0], InvalidData("No."))
    job("noop", tags=["red", "blue"])
    job("slow")
    assert failed
    assert len(api.get(f"{JOBS}?{query}").json()["results"]) == expected


@pytest.mark.parametrize(
    "query",
    [
        "status=done",
        "created_after=yesterday",
        "created_after=9999-12-31T23:59:59-23:59",
        "created_after=0001-01-01T00:00:00%2B23:59",
        "page_size=0",
        "page_size=101",
        "stauts=failed",
        "q=%00",
    ],
)
def test_it_refuses_a_filter_that_it_does_not_understand(api, query):
    answer = api.get(f"{JOBS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == query.partition("=")[0]


def test_it_looks_at_no_more_tags_than_a_job_may_have(api):
    answer = api.post(JOBS, {"kind": "test.noop", "tags": [1] * 10_000})
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) <= 11


@pytest.mark.parametrize(
    "position", ["nonsense", "2026-99-99", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00%2B23:59"]
)
def test_it_refuses_a_cursor_of_somebodys_own_making(api, position):
    cursor = b64encode(f"p={position}".encode()).decode()
    answer = api.get(JOBS, {"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_cursor"


def test_it_refuses_a_cursor_that_is_none(api):
    answer = api.get(f"{JOBS}?cursor=x")
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_cursor"


def test_it_asks_the_database_as_little_for_many_jobs_as_for_one(alice, browser_of):
    browser = browser_of(alice)
    for _ in range(30):
        job("chain")
    with CaptureQueriesContext(connection) as queries:
        assert len(browser.get(f"{JOBS}?page_size=30").json()["results"]) == 30
    assert len(queries) <= 12
    assert not any('"output"' in one["sql"] or '"jobs_job"."input"' in one["sql"] for one in queries)


def test_it_says_of_all_jobs_in_a_list_where_they_stand(api):
    made = [job("chain", owner=owner) for owner in ("alice", "bob", "alice", "charlie", "alice")]
    claim(1)
    listed = {one["id"]: one["queue"] for one in api.get(JOBS).json()["results"]}
    for one in made:
        if str(one.pk) in listed:
            place = standings.place_of(Job.objects.get(pk=one.pk))
            told = listed[str(one.pk)]
            assert (told and told["position"]) == (place and place.position)
            assert (told and told["eta_seconds"]) == (place and round(place.eta_seconds, 1))


@pytest.mark.parametrize("path", ["", "result/", "export.json", "export.md", "export.csv"])
def test_it_does_not_tell_anothers_job_from_none(charlie, api_of, path):
    made = job("noop")
    api = api_of(charlie)
    foreign, missing = api.get(f"{JOBS}{made.pk}/{path}"), api.get(f"{JOBS}{uuid4()}/{path}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()


@pytest.mark.parametrize("verb", ["cancel", "retry", "priority"])
def test_it_lets_nobody_touch_anothers_job(charlie, olivia, api_of, verb):
    made = job("noop")
    for somebody in (charlie, olivia):
        assert api_of(somebody).post(f"{JOBS}{made.pk}/{verb}/", {"priority": "low"}).status_code == 404
    made.refresh_from_db()
    assert (made.status, made.priority) == ("queued", 1)


def test_it_cancels_retries_and_moves(api):
    made = job("slow")
    moved = api.post(f"{JOBS}{made.pk}/priority/", {"priority": "urgent"})
    assert (moved.status_code, moved.json()["priority"]) == (200, "urgent")
    cancelled = api.post(f"{JOBS}{made.pk}/cancel/")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    again = api.post(f"{JOBS}{made.pk}/cancel/")
    assert (again.status_code, again.json()["code"]) == (409, "not_allowed_now")
    assert api.post(f"{JOBS}{made.pk}/priority/", {"priority": "low"}).status_code == 409
    retried = api.post(f"{JOBS}{made.pk}/retry/")
    assert (retried.status_code, retried.json()["status"]) == (200, "queued")
    assert api.post(f"{JOBS}{made.pk}/retry/").status_code == 409
    assert api.post(f"{JOBS}{made.pk}/priority/", {"priority": "now"}).status_code == 400
    assert api.post(f"{JOBS}{made.pk}/priority/").status_code == 400


def test_it_answers_every_job_in_the_form_that_the_contract_has(api, alice):
    failed, done, waiting = job("diamond", input={"permanent": True}), job("noop"), job("chain")
    for one in claim():
        settle(one, InvalidData("No.") if one.job.pk == failed.pk else None)
    for made in (failed, done, waiting):
        given = JobGiven.model_validate_json(api.get(f"{JOBS}{made.pk}/").content)
        assert given.owner == alice.pk
