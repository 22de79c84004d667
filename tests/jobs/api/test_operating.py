from __future__ import annotations

import pytest

from jobs import pausing
from jobs.api.answers import PauseGiven, QueueGiven, RequeueGiven
from jobs.api.views import queue
from jobs.errors import InvalidData, ProviderAuthError
from jobs.models import Job, KindPolicy
from jobs.needs import Need
from tests.jobs.engine import claim, job, settle

pytestmark = pytest.mark.django_db
PAUSE, RESUME, REQUEUE = (f"/api/v1/queue/{name}/" for name in ("pause", "resume", "requeue"))


@pytest.fixture
def staff(olivia, api_of):
    return api_of(olivia)


@pytest.mark.parametrize("address", [PAUSE, RESUME, REQUEUE])
def test_it_is_for_staff(alice, api_of, address):
    answer = api_of(alice).post(address, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not KindPolicy.objects.exists()


def test_it_pauses_and_resumes(staff, olivia, alice, api_of):
    answer = staff.post(PAUSE, {"kind": "test.slow", "refuse_new": True})
    given = PauseGiven.model_validate_json(answer.content)
    assert (given.kind, given.paused, given.refuse_new, given.stop_running) == (
        "test.slow",
        True,
        True,
        False,
    )
    assert KindPolicy.objects.get().paused_by == olivia
    shown = QueueGiven.model_validate_json(api_of(alice).get("/api/v1/queue/").content)
    assert shown.paused == [given]
    refused = api_of(alice).post("/api/v1/jobs/", {"kind": "test.slow"})
    assert (refused.status_code, refused.json()["code"]) == (409, "paused")
    assert staff.post(PAUSE, {}).json()["kind"] is None
    for asked in ({}, {"kind": "test.slow"}, {"kind": "test.noop"}):
        assert staff.post(RESUME, asked).json()["paused"] is False
    assert pausing.pauses() == []
    assert api_of(alice).post("/api/v1/jobs/", {"kind": "test.slow"}).status_code == 202


@pytest.mark.parametrize("address", [PAUSE, RESUME])
def test_it_refuses_what_it_does_not_know(staff, address):
    assert staff.post(address, {"kind": "test.unknown"}).json()["code"] == "unknown_kind"
    assert staff.post(address, {"nonsense": 1}).status_code == 400


@pytest.fixture
def failed():
    made = [job("broken"), job("slow"), job("noop", owner="bob")]
    by_pk = {one.job.pk: one for one in claim()}
    for one, error in zip(made, [InvalidData("No."), ProviderAuthError(), ProviderAuthError()], strict=True):
        settle(by_pk[one.pk], error)
    return made


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 3),
        ({"kind": "test.slow"}, 1),
        ({"error": "provider_auth"}, 2),
        ({"since": "2h"}, 3),
        ({"error": "worker_lost"}, 0),
    ],
)
def test_it_requeues_what_was_chosen(staff, failed, asked, count):
    dry = RequeueGiven.model_validate_json(staff.post(REQUEUE, {**asked, "dry_run": True}).content)
    assert (dry.requeued, sum(heap.count for heap in dry.found), dry.left) == (0, count, 0)
    assert Job.objects.filter(status="queued").count() == 0
    done = RequeueGiven.model_validate_json(staff.post(REQUEUE, asked).content)
    assert (done.requeued, done.found) == (count, dry.found)
    assert Job.objects.filter(status="queued").count() == count


@pytest.mark.parametrize(
    ("asked", "code", "near"),
    [
        ({"error": "provder_auth"}, "unknown_error", "provider_auth"),
        ({"error": "x"}, "unknown_error", "invalid_data"),
        ({"kind": "test.slo"}, "unknown_kind", "test.slow"),
    ],
)
def test_it_refuses_to_requeue_what_there_is_not_and_says_what_is_near(staff, failed, asked, code, near):
    answer = staff.post(REQUEUE, asked).json()
    assert (answer["status"], answer["code"]) == (400, code)
    assert near in answer["detail"]
    assert [one["path"] for one in answer["errors"]] == list(asked)
    assert Job.objects.filter(status="failed").count() == 3


def test_it_requeues_of_a_kind_that_is_gone_and_of_an_error_that_is(staff, failed):
    Job.objects.filter(pk=failed[1].pk).update(kind="test.gone", error_code="gone_wrong")
    asked = {"kind": "test.gone", "error": "gone_wrong", "dry_run": True}
    assert staff.post(REQUEUE, asked).json()["found"] == [
        {"kind": "test.gone", "error": "gone_wrong", "count": 1}
    ]


def test_it_counts_only_what_it_can_requeue(staff, django_capture_on_commit_callbacks):
    needed = job("broken")
    for _ in range(2):
        job("needing", depends_on=[Need(needed.pk)])
    with django_capture_on_commit_callbacks(execute=True):
        settle(claim()[0], InvalidData("No."))
    asked = {"kind": "test.needing"}
    dry = RequeueGiven.model_validate_json(staff.post(REQUEUE, {**asked, "dry_run": True}).content)
    assert (dry.found, dry.blocked, dry.left) == ([], 2, 0)
    done = RequeueGiven.model_validate_json(staff.post(REQUEUE, asked).content)
    assert (done.requeued, done.blocked) == (0, 2)
    done = RequeueGiven.model_validate_json(staff.post(REQUEUE, {}).content)
    assert (done.requeued, done.blocked) == (3, 0)


def test_it_takes_only_so_many_at_once(staff, failed, monkeypatch):
    monkeypatch.setattr(queue, "MOST_REQUEUED", 2)
    first, second = (staff.post(REQUEUE, {}).json() for _ in range(2))
    assert (first["requeued"], first["left"]) == (2, 1)
    assert (second["requeued"], second["left"]) == (1, 0)


@pytest.mark.parametrize("since", ["soon", "2", "", "2h3", "²h"])
def test_it_refuses_a_time_that_is_none(staff, since):
    answer = staff.post(REQUEUE, {"since": since})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "since")
