from __future__ import annotations

from dataclasses import replace

import pytest

from jobs import actions, standings
from jobs.actions import Submission, submit, submit_many
from jobs.errors import InvalidData, NotAllowedNow, QueueFull, SubmitError, TooManyJobs, UnknownKind
from jobs.kinds import registry
from jobs.models import Job, Step
from jobs.presentation import Place
from jobs.states import Priority
from tests.jobs.engine import claim, job, news, person, settle, statuses, steps

pytestmark = pytest.mark.django_db


def place(job: Job) -> Place | None:
    """Where the job stands now."""
    return standings.place_of(Job.objects.get(pk=job.pk))


def test_it_stores_the_job_its_steps_and_the_event_at_once():
    made = job("chain")
    assert made.status == "queued"
    assert statuses(made) == {"first": "queued", "second": "pending", "third": "pending"}
    assert news() == ["job.queued"]


@pytest.mark.parametrize(
    ("submission", "error", "path"),
    [
        (Submission("nonsense"), UnknownKind, None),
        (Submission("test.slow", input={"seconds": -1}), SubmitError, "input.seconds"),
        (Submission("test.slow", input={"colour": "red"}), SubmitError, "input.colour"),
        (Submission("test.slow", options={"colour": "red"}), SubmitError, "options.colour"),
        (Submission("test.slow", input=[]), SubmitError, None),
        (Submission("test.slow", input="text"), SubmitError, "input"),
        (Submission("test.slow", priority="now"), SubmitError, "priority"),
        (Submission("test.slow", tags=["a|b"]), SubmitError, "tags"),
        (Submission("test.slow", tags=["x"] * 11), SubmitError, "tags"),
    ],
)
def test_it_refuses_what_cannot_be_worked_on_and_creates_nothing(submission, error, path):
    if submission.input == []:
        submission = Submission("test.slow", input=[1])
    with pytest.raises(error) as refused:
        submit(person(), submission)
    assert refused.value.message.endswith(".")
    if path:
        assert path in [fault["path"] for fault in refused.value.errors]
    assert not Job.objects.exists()
    assert not Step.objects.exists()
    assert news() == []


def test_it_takes_all_of_a_batch_or_none():
    with pytest.raises(SubmitError):
        submit_many(person(), [Submission("test.noop"), Submission("nonsense")])
    assert not Job.objects.exists()
    assert len(submit_many(person(), [Submission("test.noop")] * 20)) == 20


def test_it_keeps_the_cap_of_the_queue_and_of_a_person(settings):
    settings.QUEUE_MAX_PER_USER = 2
    job()
    job()
    with pytest.raises(TooManyJobs) as refused:
        job()
    assert refused.value.retry_after
    settings.QUEUE_MAX_SIZE = 3
    job(owner="bob")
    with pytest.raises(QueueFull):
        job(owner="charlie")


def test_it_cancels_a_queued_job_once():
    made = job("chain")
    assert actions.cancel(made).status == "cancelled"
    assert set(statuses(made).values()) == {"cancelled"}
    with pytest.raises(NotAllowedNow, match="cancelled"):
        actions.cancel(made)
    assert news() == ["job.queued", "job.cancelled"]


def test_it_refuses_what_a_cancelled_steps_worker_still_says():
    made = job("slow")
    (claimed,) = claim()
    actions.cancel(made)
    settle(claimed)
    assert statuses(made) == {"only": "cancelled"}
    assert Job.objects.get().status == "cancelled"
    assert news()[-1] == "job.cancelled"


def test_it_retries_from_the_step_that_failed():
    made = job("diamond", input={"permanent": True})
    (start,) = claim()
    settle(start)
    left, right = claim()
    settle(left)
    settle(right, InvalidData("No."))
    made.refresh_from_db()
    assert (made.status, made.error_code, made.error_message) == ("failed", "invalid_data", "No.")
    assert made.error_recovery == ["edit_input"]
    assert statuses(made) == {"start": "completed", "left": "completed", "right": "failed", "end": "failed"}
    assert steps(made)["end"].error_code == "dependency_failed"
    assert actions.retry(made).status == "queued"
    assert statuses(made) == {"start": "completed", "left": "completed", "right": "queued", "end": "pending"}
    (again,) = claim()
    assert again.step.name == "right"
    settle(again)
    (end,) = claim()
    assert end.outputs == {"left": {}, "right": {}}
    settle(end)
    made.refresh_from_db()
    assert (made.status, made.error_code, made.progress) == ("completed", "", 1.0)
    assert [name for name in news() if name.startswith("job.")][-2:] == [
        "job.step_completed",
        "job.completed",
    ]
    assert "job.requeued" in news()


def test_it_does_not_retry_what_goes_well_or_is_done():
    made = job()
    with pytest.raises(NotAllowedNow):
        actions.retry(made)
    settle(claim()[0])
    with pytest.raises(NotAllowedNow, match="completed"):
        actions.retry(made)


def test_it_requeues_in_bulk_those_that_can_be():
    failed, going = job("broken"), job("slow")
    for one in claim():
        if one.job.pk == failed.pk:
            settle(one, InvalidData("No."))
    assert actions.requeue([failed.pk, going.pk]) == 1
    assert Job.objects.get(pk=failed.pk).status == "queued"


def test_it_lets_a_job_overtake_by_its_priority():
    slow, other = job("slow"), job("slow", owner="bob")
    assert place(other).position == 2
    actions.reprioritise(other, "urgent")
    assert place(other).position == 1
    assert place(slow).position == 2
    assert claim(1)[0].job.pk == other.pk
    assert "job.priority_changed" in news("bob")
    assert Job.objects.get(pk=other.pk).priority == Priority.URGENT


def test_it_says_where_a_job_stands_and_how_long_it_takes():
    jobs = [job("slow", owner=f"person{n}") for n in range(3)]
    places = [place(one) for one in jobs]
    assert [one.position for one in places] == [1, 2, 3]
    assert [one.eta_seconds for one in places] == sorted(one.eta_seconds for one in places)
    claim(1)
    assert place(jobs[0]) is None
    assert place(jobs[2]).position == 2


def test_it_says_the_same_of_the_whole_line_as_of_each_in_it():
    jobs = [job("slow", owner=f"person{n % 2}") for n in range(6)]
    claim(2)
    line = {one.pk: stands for one, stands in standings.line(100)}
    assert len(line) == 4
    for one in jobs:
        if one.pk in line:
            assert line[one.pk].position == place(one).position
            assert line[one.pk].eta_seconds == pytest.approx(place(one).eta_seconds, abs=0.1)


def test_it_serves_a_newcomer_before_the_rest_of_a_crowd():
    for _ in range(20):
        job("slow", owner="greedy")
    claim(2)
    newcomer = job("slow", owner="alice")
    assert newcomer.pk in [one.job.pk for one in claim(2)]


def test_it_knows_steps_by_their_title_and_prediction():
    made = steps(job("chain"))
    assert made["first"].title == "First part"
    assert made["first"].predicted_seconds > 0


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Board\x1b[31m \u202emeeting\x07", "Board[31m meeting"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("\u200b\u202e", "Test: noop"),
        ("Réunion 会議 👩\u200d🚀", "Réunion 会議 👩\u200d🚀"),
    ],
)
def test_a_title_is_one_line_of_what_can_be_seen(given, shown, monkeypatch):
    kind = registry.get("test.noop")
    monkeypatch.setitem(registry._kinds, kind.name, replace(kind, job_title=lambda *_: given))
    assert job("noop").title == shown
