from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from jobs.api import idempotency
from jobs.api.views import jobs as views
from jobs.models import IdempotentRequest, Job, Upload
from realtime.models import Event
from tests.jobs.engine import job
from tests.jobs.filing import CONTENT

JOBS = "/api/v1/jobs/"
REPLAYED = "Idempotency-Replayed"
NOOP = {"kind": "test.noop"}


@pytest.fixture
def post(alice, api_of):
    api = api_of(alice)
    api.raise_request_exception = False

    def send(body=NOOP, path=JOBS, key="k", **more):
        return api.post(path, body, headers={"Idempotency-Key": key}, **more)

    return send


def die_after(monkeypatch, name):
    """Lets the process of the next request die right after ``name`` of the views did its work."""
    original = getattr(views, name)

    class Killed(BaseException):
        pass

    def work_and_die(*args, **kwargs):
        original(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(views, name, work_and_die)
    monkeypatch.setattr(idempotency.Claim, "let_go", lambda claim: None)
    return Killed


def time_passes(**ago):
    IdempotentRequest.objects.update(
        **{name: timezone.now() - timedelta(seconds=seconds) for name, seconds in ago.items()}
    )


def test_it_answers_again_what_it_answered_first(post):
    first, again = post(), post()
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert again[REPLAYED] == "true"
    assert REPLAYED not in first
    assert Job.objects.count() == 1


def test_it_does_not_mind_the_order_of_a_bodys_fields(post):
    first = post({"kind": "test.slow", "input": {"seconds": 1, "ticks": 2}})
    assert post({"input": {"ticks": 2, "seconds": 1}, "kind": "test.slow"}).json() == first.json()


def test_it_refuses_the_key_for_another_body(post):
    post()
    answer = post({"kind": "test.slow"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Job.objects.count() == 1


def test_it_lets_each_person_and_each_address_have_the_key(post, bob, api_of):
    made = job("slow")
    answers = [
        post(),
        api_of(bob).post(JOBS, NOOP, headers={"Idempotency-Key": "k"}),
        post({}, f"{JOBS}{made.pk}/cancel/"),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 200]


def test_it_says_so_while_the_first_is_being_worked_on(post, alice, monkeypatch):
    inner = []

    def meanwhile(owner, submission, **more):
        inner.append(post())
        return job("noop")

    monkeypatch.setattr(views.actions, "submit", meanwhile)
    assert post().status_code == 202
    assert (inner[0].status_code, inner[0].json()["code"]) == (409, "request_in_flight")
    assert inner[0]["Retry-After"] == "1"


def test_it_forgets_after_a_day(post):
    first = post()
    time_passes(created_at=24 * 3600 + 1)
    assert post().json()["id"] != first.json()["id"]
    assert IdempotentRequest.objects.count() == 1


def test_it_tries_a_refused_request_anew(post, settings):
    settings.QUEUE_MAX_PER_USER = 0
    assert post().status_code == 429
    settings.QUEUE_MAX_PER_USER = 5
    answer = post()
    assert (answer.status_code, REPLAYED in answer) == (202, False)


def test_it_does_not_lock_a_key_for_ever_when_the_process_dies_before_the_work(post, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(views.actions, "check", lambda submission: None)
        killed = die_after(patch, "submissions")
        with pytest.raises(killed):
            post()
    assert post().status_code == 409
    time_passes(claimed_at=idempotency.CLAIM_SECONDS + 1)
    assert post().status_code == 202
    assert Job.objects.count() == 1


def test_it_finds_the_job_of_a_process_that_died_after_the_work(post, monkeypatch):
    with monkeypatch.context() as patch:
        killed = die_after(patch, "one_job")
        with pytest.raises(killed):
            post()
    made = Job.objects.get()
    time_passes(claimed_at=idempotency.CLAIM_SECONDS + 1)
    answer = post()
    assert (answer.status_code, UUID(answer.json()["id"])) == (202, made.pk)
    assert Job.objects.count() == 1
    assert post()[REPLAYED] == "true"


def test_it_finds_the_batch_of_a_process_that_died_after_the_work(post, monkeypatch):
    batch = {"jobs": [NOOP, NOOP]}
    with monkeypatch.context() as patch:
        killed = die_after(patch, "_batch")
        with pytest.raises(killed):
            post(batch, f"{JOBS}batch/")
    time_passes(claimed_at=idempotency.CLAIM_SECONDS + 1)
    answer = post(batch, f"{JOBS}batch/")
    assert set(map(UUID, answer.json()["jobs"])) == set(Job.objects.values_list("pk", flat=True))
    assert Job.objects.count() == 2


def test_it_does_not_take_another_job_of_the_same_trace_for_its_own(post, monkeypatch):
    job("noop")
    Job.objects.update(trace_id="trace")
    with monkeypatch.context() as patch:
        killed = die_after(patch, "submissions")
        with pytest.raises(killed):
            post()
    IdempotentRequest.objects.update(trace_id="trace")
    time_passes(claimed_at=idempotency.CLAIM_SECONDS + 1)
    assert post().status_code == 202
    assert Job.objects.count() == 2


def test_it_does_not_take_another_request_of_the_same_trace_for_its_own(alice, api_of, settings):
    api = api_of(alice)

    def posted(key: str, kind: str):
        return api.post(JOBS, {"kind": kind}, headers={"Idempotency-Key": key, "X-Request-ID": "a-session"})

    settings.QUEUE_MAX_PER_USER = 0
    assert posted("a", "test.slow").status_code == 429
    settings.QUEUE_MAX_PER_USER = 5
    assert posted("b", "test.noop").status_code == 202
    assert posted("a", "test.slow").json()["kind"] == "test.slow"
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "body"), [(JOBS, NOOP), (f"{JOBS}batch/", {"jobs": [NOOP, NOOP]})])
def test_it_works_once_when_a_first_try_that_was_given_up_ends_after_all(path, body, post, monkeypatch):
    check, answers = views.actions.check, []

    def slow(submission):
        if not answers:
            answers.append(None)
            time_passes(claimed_at=idempotency.CLAIM_SECONDS + 1)
            answers.append(post(body, path))
        return check(submission)

    monkeypatch.setattr(views.actions, "check", slow)
    first = post(body, path)
    assert (first.status_code, answers[1].status_code) == (202, 202)
    told = [set(one.json().get("jobs") or [one.json()["id"]]) for one in (first, answers[1])]
    made = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
    assert told == [made, made]
    assert len(made) == len(body.get("jobs", [body]))


@pytest.mark.django_db(transaction=True)
def test_it_undoes_the_work_when_its_answer_can_not_be_kept(post, monkeypatch):
    made = job("slow")
    monkeypatch.setattr(idempotency.Claim, "keep", lambda claim, answer: False)
    assert post({}, f"{JOBS}{made.pk}/cancel/").status_code == 409
    made.refresh_from_db()
    assert made.status == "queued"
    assert "job.cancelled" not in Event.objects.values_list("name", flat=True)


def test_it_cancels_once(post):
    made = job("slow")
    path = f"{JOBS}{made.pk}/cancel/"
    assert [post({}, path).status_code for _ in range(3)] == [200, 200, 200]
    assert list(Event.objects.values_list("name", flat=True)).count("job.cancelled") == 1


def test_it_knows_an_upload_again_whatever_its_boundary(post):
    def form():
        return {"file": SimpleUploadedFile("a.txt", CONTENT)}

    first = post(form(), "/api/v1/uploads/", format="multipart")
    again = post(form(), "/api/v1/uploads/", format="multipart")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert Upload.objects.count() == 1
    other = post(
        {"file": SimpleUploadedFile("a.txt", CONTENT + b"!")}, "/api/v1/uploads/", format="multipart"
    )
    assert other.status_code == 422


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "naïve", "a\tb"])
def test_it_refuses_an_odd_key(post, key):
    answer = post(key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_it_takes_a_uuid(post):
    assert post(key=str(uuid4())).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_it_does_once_what_many_send_at_the_same_time(alice, api_of):
    def send(number):
        try:
            return api_of(alice).post(JOBS, NOOP, headers={"Idempotency-Key": "k"})
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    (made,) = Job.objects.all()
    assert {answer.json()["id"] for answer in answers if answer.status_code == 202} == {str(made.pk)}


def test_it_also_takes_a_key_where_nothing_is_created(post):
    body = {"kind": "test.slow"}
    first, again = post(body, f"{JOBS}estimate/"), post(body, f"{JOBS}estimate/")
    assert (first.json(), again[REPLAYED]) == (again.json(), "true")
