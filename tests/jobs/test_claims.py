from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from jobs import rescue
from jobs.errors import InvalidData, ProviderUnavailable
from jobs.ledger import Spent
from jobs.models import Attempt, Job, JobResult, Step, Worker
from jobs.outcomes import Released, Succeeded
from tests.jobs.engine import WORKER, claim, job, news, settle, statuses, steps

pytestmark = pytest.mark.django_db


def expire(made: Job) -> None:
    Step.objects.filter(job=made, status="processing").update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_it_hands_a_step_to_one_worker_only():
    job()
    assert len(claim(worker=uuid4())) == 1
    assert claim(worker=uuid4()) == []


def test_it_shows_the_step_that_runs_as_the_stage():
    made = job("chain")
    settle(claim()[0])
    claim()
    made.refresh_from_db()
    assert made.stage == "Second part"


def test_it_leaves_other_workers_their_part():
    from jobs import claims

    for _ in range(10):
        job()
    assert len(claims.claim(WORKER, 64, 2)) == 5


def test_it_runs_a_job_to_its_end_and_keeps_the_result():
    made = job("chain")
    for name in ("first", "second", "third"):
        (claimed,) = claim()
        assert claimed.step.name == name
        settle(claimed, Succeeded({"said": name}, {"confidence": 0.5}))
    made.refresh_from_db()
    assert (made.status, made.progress, made.quality) == ("completed", 1.0, {"confidence": 0.5})
    assert JobResult.objects.get().data == {"said": "third"}
    assert news() == [
        "job.queued", "job.started", "job.step_started", "job.step_completed", "job.step_started",
        "job.step_completed", "job.step_started", "job.step_completed", "job.completed",
        "notification.created",
    ]  # fmt: skip


def test_it_lets_a_failed_step_wait_and_tries_again(settings):
    settings.PROCESSING_RETRY_BASE = 0.0
    made = job("flaky")
    settle(claim()[0], ProviderUnavailable())
    assert statuses(made) == {"only": "retrying"}
    assert Job.objects.get().status == "retrying"
    (again,) = claim()
    assert again.attempt.number == 2
    settle(again)
    assert Job.objects.get().status == "completed"
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["failed", "succeeded"]


def test_it_does_not_try_again_before_the_provider_asked_for():
    made = job("flaky")
    settle(claim()[0], ProviderUnavailable(retry_after=60))
    assert steps(made)["only"].available_at > timezone.now() + timedelta(seconds=55)
    assert claim() == []


def test_it_gives_up_after_the_last_retry_and_says_why(settings):
    settings.PROCESSING_RETRY_BASE, settings.PROCESSING_MAX_RETRIES = 0.0, 2
    settings.SHIPSPEAK_PROVIDERS = "local"
    made = job("flaky")
    for _ in range(3):
        settle(claim()[0], ProviderUnavailable())
    made.refresh_from_db()
    assert (made.status, made.error_code, made.error_retryable) == ("failed", "provider_unavailable", True)
    assert steps(made)["only"].attempts == 3
    assert news()[-3:] == ["job.step_failed", "job.failed", "notification.created"]


def test_it_goes_on_without_an_optional_step_and_says_so():
    made = job("optional")
    needed, extra = claim()
    settle(needed)
    settle(extra, InvalidData("No."))
    (end,) = claim()
    assert end.outputs == {"needed": {}, "extra": None}
    settle(end)
    made.refresh_from_db()
    assert (made.status, made.degraded, made.error_code) == ("completed", True, "")
    assert statuses(made)["extra"] == "failed"


def test_it_keeps_the_other_steps_results_when_one_fails():
    made = job("diamond")
    settle(claim()[0])
    left, right = claim()
    settle(right, InvalidData("No."))
    assert Job.objects.get().status == "processing"
    settle(left, Succeeded({"kept": True}))
    made.refresh_from_db()
    assert made.status == "failed"
    assert steps(made)["left"].output == {"kept": True}


def test_it_refuses_the_writes_of_an_attempt_that_is_over():
    made = job("slow")
    (first,) = claim(worker=uuid4())
    expire(made)
    assert rescue.rescue_expired() == 1
    (second,) = claim(worker=uuid4())
    settle(first, Succeeded({"late": True}))
    assert statuses(made) == {"only": "processing"}
    settle(second, Succeeded({"late": False}))
    assert JobResult.objects.get().data == {"late": False}
    settle(first, Succeeded({"late": True}))
    assert JobResult.objects.get().data == {"late": False}


def test_it_takes_back_a_dead_workers_steps_at_once_when_its_slot_is_taken():
    dead, next_one = (Worker.objects.create(host="here", pid=1, slot=0, concurrency=1) for _ in range(2))
    made = job("slow")
    claim(worker=dead.pk)
    assert rescue.bury("here", 0, next_one.pk) == 1
    assert statuses(made) == {"only": "queued"}
    assert Attempt.objects.get().outcome == "lost"
    dead.refresh_from_db()
    assert dead.ended_at


def test_it_gives_up_a_step_that_kills_its_workers(settings):
    settings.PROCESSING_MAX_RETRIES = 2
    made = job("slow")
    for _ in range(3):
        assert claim(worker=uuid4())
        expire(made)
        rescue.rescue_expired()
    made.refresh_from_db()
    assert (made.status, made.error_code) == ("failed", "worker_lost")


def test_it_does_not_count_an_attempt_that_was_given_back():
    made = job("slow")
    settle(claim()[0], Released())
    step = steps(made)["only"]
    assert (step.status, step.failures, step.attempts) == ("queued", 0, 1)
    assert Attempt.objects.get().outcome == "released"


def test_it_adds_up_what_all_attempts_spent():
    made = job("flaky")
    first = Spent("openai", "m", 10, 5, Decimal("0.25"))
    settle(claim()[0], ProviderUnavailable(retry_after=0), first)
    Step.objects.update(available_at=timezone.now())
    settle(claim()[0], None, Spent("openai", "m", 20, 5, Decimal("0.50")))
    made.refresh_from_db()
    assert made.cost_usd == Decimal("0.75")
    assert steps(made)["only"].tokens_in == 30
    assert [one.cost_usd for one in Attempt.objects.all()] == [Decimal("0.25"), Decimal("0.50")]


def test_it_counts_money_spent_by_a_step_that_was_cancelled_meanwhile():
    from jobs import actions

    made = job("slow")
    (claimed,) = claim()
    actions.cancel(made)
    settle(claimed, Released(), Spent("openai", "m", 10, 5, Decimal("0.25")))
    assert Attempt.objects.get().cost_usd == Decimal("0.25")
    assert steps(made)["only"].cost_usd == Decimal("0.25")
    assert Job.objects.get().cost_usd == Decimal("0.25")


def test_it_never_shows_an_unknown_price_as_nothing():
    made = job("slow")
    settle(claim()[0], None, Spent("openai", "m", 10, 5, None))
    made.refresh_from_db()
    assert made.cost_usd is None
