from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from jobs import actions
from jobs.actions import Submission, submit_many
from jobs.errors import QueueFull, SubmitError, TooManyJobs
from jobs.models import Job, Share, Step, Tier, Worker
from tests.jobs.engine import claim, job, person, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_slot(settings):
    settings.PROCESSING_CONCURRENCY = 1
    Worker.objects.create(host="here", pid=1, slot=0, concurrency=1)


def refused(owner: str = "alice") -> SubmitError:
    with pytest.raises(SubmitError) as caught:
        job(owner=owner)
    return caught.value


def test_it_takes_as_many_jobs_of_a_person_as_the_settings_say(settings):
    settings.QUEUE_MAX_PER_USER = 2
    job()
    job()
    error = refused()
    assert (type(error), error.code, error.status) == (TooManyJobs, "too_many_jobs", 429)
    assert error.message.endswith("Under way: 2, of 2 at most.")
    job(owner="bob")
    settle(claim(slots=1)[0])
    job()


@pytest.mark.parametrize(("most", "fits"), [(None, 2), (1, 1), (4, 4)])
def test_it_takes_as_many_as_the_tier_says_instead(most, fits, settings):
    settings.QUEUE_MAX_PER_USER = 2
    Share.objects.create(user=person(), tier=Tier.objects.create(name="tier", max_queued=most))
    for _ in range(fits):
        job()
    assert isinstance(refused(), TooManyJobs)


def test_it_takes_no_more_in_all_than_the_settings_say(settings):
    settings.QUEUE_MAX_SIZE = 2
    job(owner="alice")
    job(owner="bob")
    error = refused("charlie")
    assert (type(error), error.code, error.status) == (QueueFull, "queue_full", 429)


def test_it_says_that_more_at_once_than_ever_fit_never_fit(settings):
    settings.QUEUE_MAX_PER_USER = 3
    with pytest.raises(TooManyJobs, match=r"At most 3 jobs .* asks for 4") as caught:
        submit_many(person(), [Submission("test.noop")] * 4)
    assert caught.value.retry_after is None
    assert not Job.objects.exists()


def test_it_tells_to_come_back_when_the_running_job_should_be_done(settings):
    settings.QUEUE_MAX_PER_USER = 2
    job("slow")
    job("slow")
    claim(slots=1)
    Step.objects.filter(status="processing").update(predicted_seconds=40, progress=0.25)
    assert refused().retry_after == 30


def test_it_tells_to_come_back_when_the_first_in_the_queue_should_be_done(settings):
    submit_many(person("bob"), [Submission("test.noop")] * 20)
    settings.QUEUE_MAX_PER_USER = 1
    made = job(owner="alice", priority="low")
    Step.objects.update(predicted_seconds=5, predicted_p90=5)
    later = refused("alice").retry_after
    actions.reprioritise(made, "urgent")
    assert 5 <= refused("alice").retry_after < later


def test_it_never_says_less_than_a_second_nor_more_than_an_hour(settings):
    settings.QUEUE_MAX_PER_USER = 1
    job()
    claim(slots=1)
    Step.objects.update(predicted_seconds=0.01)
    assert refused().retry_after == 1
    Step.objects.update(predicted_seconds=1e6)
    assert refused().retry_after == 3600


def test_it_knows_when_a_job_that_waits_for_its_time_begins(settings):
    settings.QUEUE_MAX_PER_USER = 1
    made = job()
    Job.objects.update(status="pending")
    Step.objects.filter(job=made).update(
        status="pending", available_at=timezone.now() + timedelta(seconds=90)
    )
    assert 80 < refused().retry_after <= 90


@pytest.mark.django_db(transaction=True)
def test_it_takes_no_more_of_one_person_however_many_come_at_once(settings):
    settings.QUEUE_MAX_PER_USER = 10
    alice = person("alice")

    def submitted(_: int) -> int:
        try:
            return len(submit_many(alice, [Submission("test.noop")] * 10))
        except TooManyJobs:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(submitted, range(6))) == 10
    assert Job.objects.count() == 10
