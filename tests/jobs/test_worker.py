from __future__ import annotations

import time

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from jobs import actions, live, slots
from jobs.models import Attempt, Job, ProviderCall, Step, Worker
from jobs.transitions import Moves
from jobs.worker import Drain, drain
from tests.jobs.engine import drain_until, job, news, person, statuses, steps

pytestmark = pytest.mark.django_db(transaction=True)


def over(*jobs: Job) -> bool:
    ids = [one.pk for one in jobs]
    return Job.objects.filter(pk__in=ids, finished_at__isnull=False).count() == len(ids)


def test_it_runs_many_steps_at_once_to_their_end():
    jobs = [job("slow", input={"seconds": 0.3}) for _ in range(30)]
    drain_until(lambda: over(*jobs), seconds=8)
    assert set(Job.objects.values_list("status", flat=True)) == {"completed"}
    assert Attempt.objects.count() == 30


def test_it_runs_a_graph_and_hands_outputs_on():
    made = job("chain", input={"seconds": 0.05})
    drain_until(lambda: over(made))
    made.refresh_from_db()
    parts = made.result_row.data["parts"]
    assert set(parts) == {"first", "second"}


def test_it_tries_a_flaky_step_again(settings):
    settings.PROCESSING_RETRY_BASE = 0.05
    made = job("flaky", input={"failures": 2})
    drain_until(lambda: over(made))
    made.refresh_from_db()
    assert made.status == "completed"
    assert made.result_row.data == {"attempt": 3}


def test_it_turns_a_bug_into_a_failed_job_that_says_no_secrets(settings, caplog):
    settings.PROCESSING_MAX_RETRIES = 0
    made = job("broken")
    drain_until(lambda: over(made))
    made.refresh_from_db()
    assert (made.status, made.error_code) == ("failed", "unexpected_error")
    assert "a bug" not in made.error_message
    assert "RuntimeError: a bug" in Attempt.objects.get().error_detail


def test_it_ends_a_step_that_takes_too_long(settings):
    settings.PROCESSING_TIMEOUT, settings.PROCESSING_MAX_RETRIES = 0.2, 0
    made = job("silent", input={"seconds": 60})
    drain_until(lambda: over(made))
    made.refresh_from_db()
    assert made.error_code == "step_timeout"
    assert "0.2 seconds" in made.error_message


@pytest.mark.parametrize("kind", ["slow", "computing"])
def test_it_stops_a_running_step_that_is_cancelled(kind):
    made = job(kind, input={"seconds": 60})
    told: list[float] = []

    def cancelled_and_noticed() -> bool:
        if Step.objects.filter(job=made, status="processing").exists():
            actions.cancel(made)
            told.append(timezone.now().timestamp())
        return Attempt.objects.filter(outcome="cancelled").exists()

    drain_until(cancelled_and_noticed)
    took = Attempt.objects.get().finished_at.timestamp() - told[0]
    assert took < 1.0
    assert Job.objects.get().status == "cancelled"


def test_it_gives_back_what_it_cannot_finish_when_it_is_stopped(monkeypatch):
    monkeypatch.setattr("jobs.worker.STOP_GRACE_SECONDS", 0.1)
    made = job("slow", input={"seconds": 60})
    drain_until(lambda: Step.objects.filter(status="processing").exists())
    assert statuses(made) == {"only": "queued"}
    assert steps(made)["only"].failures == 0
    assert Attempt.objects.get().outcome == "released"


def test_it_stores_an_answer_before_it_is_used_and_does_not_pay_again():
    made = job("ask", input={"text": "hello"})
    drain_until(lambda: over(made))
    call = ProviderCall.objects.get()
    assert call.answer["text"] == "hello"
    made.refresh_from_db()
    assert made.result_row.data == {"text": "hello"}
    assert made.offline


def test_it_leaves_a_heartbeat_and_asks_for_a_successor():
    made = job()
    drain_until(lambda: over(made))
    assert Worker.objects.get().ended_at
    assert OrmQ.objects.exists()


def test_it_ends_at_once_when_all_slots_of_the_host_are_taken(settings):
    settings.WORKER_POOL_SIZE = 2
    with slots.free_slot() as held:
        assert held == 0
        drain()
    assert not Worker.objects.exists()


def test_it_gives_each_drain_a_slot_of_its_own(settings):
    settings.WORKER_POOL_SIZE = 3
    with slots.free_slot() as one, slots.free_slot() as two, slots.free_slot() as three:
        assert (one, two, three) == (0, 1, None)


def test_it_takes_over_from_a_drain_that_died():
    made = job("slow", input={"seconds": 0.1})
    dead = Worker.objects.create(host=slots.host(), pid=1, slot=0, concurrency=1)
    from tests.jobs.engine import claim

    claim(worker=dead.pk)
    drain_until(lambda: over(made), seconds=5)
    assert [one.outcome for one in Attempt.objects.order_by("number")] == ["lost", "succeeded"]


def test_it_tells_each_thing_once_and_in_order():
    made = job("chain", input={"seconds": 0.05})
    drain_until(lambda: over(made))
    named = [name for name in news() if name.startswith("job.")]
    assert named[0] == "job.queued"
    assert named[-1] == "job.completed"
    assert named.count("job.step_started") == named.count("job.step_completed") == 3


def test_it_claims_nothing_more_once_its_time_is_up():
    job()
    drain_until(lambda: True, drain=Drain(0, lifetime=0.0))
    assert Job.objects.get().status == "queued"


def test_it_keeps_progress_that_never_goes_back(monkeypatch):
    monkeypatch.setattr("jobs.worker.KEEP_SECONDS", 0.05)
    made = job("slow", input={"seconds": 1.0, "ticks": 20})
    seen: list[float] = []

    def watching() -> bool:
        seen.append(Job.objects.get(pk=made.pk).progress)
        return over(made)

    drain_until(watching)
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert person().jobs.get().progress == 1.0


def test_it_asks_the_next_provider_when_one_gives_no_fitting_answer(settings, fake_openai):
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_API_KEY = "openai,local", "test"
    settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = fake_openai.url, "wrong"
    settings.PROCESSING_MAX_RETRIES, settings.PROCESSING_RETRY_BASE = 1, 0.0
    made = job("number", input={"text": "forty-two"})
    drain_until(lambda: over(made))
    made.refresh_from_db()
    assert (made.status, made.error_code, made.degraded, made.offline) == ("completed", "", True, True), [
        (a.number, a.provider, a.error_code, a.error_detail) for a in Attempt.objects.all()
    ]
    assert made.result_row.data == {"number": 42}
    by_provider = [call.answer["provider"] for call in ProviderCall.objects.order_by("id")]
    assert by_provider == ["openai"] * 4 + ["local"], "each try asks anew, and once for a repair"
    assert ProviderCall.objects.filter(rejected=True).count() == 4


def test_it_uses_a_paid_answer_again_after_the_worker_died(settings, fake_openai):
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_API_KEY = "openai", "test"
    settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = fake_openai.url, "some-model"
    settings.PROCESSING_RETRY_BASE = 0.0
    made = job("ask_then_fail", input={"text": "hello"})
    drain_until(lambda: over(made))
    made.refresh_from_db()
    assert made.status == "completed"
    assert Attempt.objects.count() == 2
    assert ProviderCall.objects.count() == 1
    assert fake_openai.app.seen.calls == 1


def test_it_goes_on_when_the_database_does_not_answer_for_a_moment(monkeypatch, caplog):
    made = job("slow", input={"seconds": 0.3})
    honest, failed = live.keep_progress, []

    def locked_once(contexts):
        if contexts and not failed:
            failed.append(True)
            raise OperationalError("database is locked")
        honest(contexts)

    monkeypatch.setattr("jobs.live.keep_progress", locked_once)
    drain_until(lambda: over(made))
    assert failed
    assert [one.outcome for one in Attempt.objects.all()] == ["succeeded"]


@pytest.mark.parametrize("bad", ["set", "nan", "text"])
def test_it_keeps_a_steps_bad_output_from_harming_others(settings, bad, caplog):
    settings.PROCESSING_MAX_RETRIES = 0
    spoilt, fine = job("odd", input={"text": bad}), job("slow", input={"seconds": 0.1})
    drain_until(lambda: over(spoilt, fine))
    assert Job.objects.get(pk=fine.pk).status == "completed"
    assert Job.objects.get(pk=spoilt.pk).status == ("completed" if bad == "text" else "failed")


def test_it_settles_the_rest_when_one_outcome_cannot_be_written(monkeypatch, caplog):
    spoilt, fine = job("slow", input={"seconds": 0.1}), job("slow", input={"seconds": 0.1})
    honest = Moves.complete

    def refuse(moves, graph, *rest):
        if graph.job.pk == spoilt.pk:
            raise OverflowError("too large to be stored")
        return honest(moves, graph, *rest)

    monkeypatch.setattr(Moves, "complete", refuse)
    drain_until(lambda: Job.objects.get(pk=fine.pk).status == "completed")
    assert Step.objects.get(job=spoilt).status in ("retrying", "queued", "processing", "failed")


def test_it_does_not_let_work_that_never_ends_hold_up_others(settings):
    settings.PROCESSING_TIMEOUT, settings.PROCESSING_MAX_RETRIES = 0.3, 0
    stuck = [job("deaf", owner="mallory", input={"seconds": 4}) for _ in range(6)]
    fine = job("noop")
    began = time.monotonic()
    drain_until(lambda: over(fine, *stuck), seconds=8)
    assert {one.error_code for one in Job.objects.filter(kind="test.deaf")} == {"step_timeout"}
    assert time.monotonic() - began < 4, "it waited for the threads"
