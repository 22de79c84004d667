"""Doors, limits and budgets at work in a drain, against a real HTTP server."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import BaseModel

from jobs import actions, doors, queue
from jobs.kinds import registry
from jobs.models import Attempt, Door, Job, ProviderCall, Step
from tests.fake_openai.app import FakeOpenAI
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order, limited
from tests.fake_openai.server import in_thread
from tests.jobs.engine import claim, drain_until, job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(fake_openai: Served, settings) -> Served:
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_BASE_URL = "openai", fake_openai.url
    settings.OPENAI_MODEL, settings.PROCESSING_RETRY_BASE = "gpt-5-mini", 0.0
    return fake_openai


def door_to(service: Served, **fields) -> Door:
    return Door.objects.create(
        provider="openai", endpoint=service.url.split("/")[2], model="gpt-5-mini", **fields
    )


def questions(count: int, owner: str = "alice") -> list[Job]:
    return [job("ask", owner=owner, input={"text": f"question {number}"}) for number in range(count)]


def all_over() -> bool:
    return not Job.objects.exclude(status__in=("completed", "failed")).exists()


def test_no_more_calls_at_once_than_the_door_lets_through(service):
    service.app.always = Order(stall=0.05)
    door_to(service, max_running=3)
    questions(12)
    drain_until(all_over)
    assert Job.objects.filter(status="completed").count() == 12
    assert service.app.seen.most_in_flight <= 3


def test_after_a_429_nobody_asks_before_its_time(service):
    service.order(limited("1"))
    questions(8)
    drain_until(all_over)
    assert Job.objects.filter(status="completed").count() == 8
    told = ProviderCall.objects.get(error_code="provider_rate_limited")
    begun_after = list(ProviderCall.objects.filter(started_at__gt=told.finished_at))
    assert begun_after
    assert all((one.started_at - told.finished_at).total_seconds() >= 0.99 for one in begun_after)


def test_steps_wait_in_the_queue_while_the_door_is_closed(service):
    service.order(limited("30"))
    questions(1)
    drain_until(lambda: ProviderCall.objects.filter(outcome="failed").exists())
    questions(1, owner="bob")
    job("noop", owner="bob")
    assert doors.shut() == {0}
    assert [one.step.kind for one in claim()] == ["test.noop"], "what asks nobody goes on"


def test_a_long_wait_gives_the_slot_to_others(service, monkeypatch):
    monkeypatch.setattr("jobs.context.PATIENCE_SECONDS", 0.2)
    door_to(service, requests_per_minute=1)
    questions(2)
    drain_until(lambda: Step.objects.filter(status="retrying").exists())
    waiting = Step.objects.get(status="retrying")
    assert (waiting.failures, waiting.error_code) == (0, "provider_rate_limited")
    assert Attempt.objects.get(step=waiting).outcome == "released"


def test_waiting_for_the_service_is_not_the_steps_own_time(service, settings):
    settings.PROCESSING_TIMEOUT = 0.6
    service.app.always = Order(stall=0.2)
    door_to(service, max_running=1)
    questions(5)
    drain_until(all_over)
    assert Job.objects.filter(status="completed").count() == 5


def test_a_service_that_is_down_is_soon_left_alone_and_the_work_goes_on_offline(service, settings):
    settings.SHIPSPEAK_PROVIDERS = "openai,local"
    service.app.always = Order(status=500)
    questions(30)
    settings.PROCESSING_CONCURRENCY = 2
    drain_until(all_over)
    assert Job.objects.filter(status="completed", degraded=True, offline=True).count() == 30
    assert service.app.seen.calls <= 7, "5 failures close the door; a second call was under way"


def test_a_budget_stops_before_the_call(service, settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.000001")
    [made] = questions(1)
    drain_until(all_over)
    made.refresh_from_db()
    assert (made.status, made.error_code) == ("failed", "budget_exceeded")
    assert "It renews at" in made.error_message
    assert service.app.seen.calls == 0


def test_many_jobs_at_once_don_t_pass_the_budget(service, settings):
    [first] = questions(1)
    drain_until(all_over)
    first.refresh_from_db()
    reserved = ProviderCall.objects.get().usd_reserved
    settings.BUDGET_USD_PER_USER_PER_DAY = first.cost_usd + 3 * reserved
    service.app.always = Order(stall=0.1)
    questions(20)
    drain_until(all_over)
    paid = sum(call.cost_usd or 0 for call in ProviderCall.objects.all())
    assert paid <= settings.BUDGET_USD_PER_USER_PER_DAY
    assert Job.objects.filter(error_code="budget_exceeded").exists()


def test_a_price_that_is_not_known_stops_only_where_there_is_a_budget(service, settings):
    settings.OPENAI_MODEL = "home-made"
    [made] = questions(1)
    drain_until(all_over)
    made.refresh_from_db()
    assert (made.status, made.cost_usd) == ("completed", None)
    settings.BUDGET_USD_PER_DAY = Decimal(1)
    [other] = questions(1)
    drain_until(all_over)
    other.refresh_from_db()
    assert (other.status, other.error_code) == ("failed", "price_unknown")


def test_endpoints_share_the_load_and_one_that_is_down_is_left_out(service, settings):
    second = FakeOpenAI()
    with in_thread(second) as url:
        settings.OPENAI_BASE_URL = f"{service.url},{url}"
        service.app.always = second.always = Order(stall=0.02)
        questions(20)
        drain_until(all_over)
        assert min(service.app.seen.calls, second.seen.calls) >= 5
        second.always = Order(status=500)
        questions(20)
        drain_until(all_over)
        assert Job.objects.filter(status="completed", degraded=False).count() == 40


def test_a_service_that_tells_its_limits_is_kept_within_them(service):
    service.app.always = Order(
        headers={"x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "4"}
    )
    questions(1)
    drain_until(all_over)
    assert Door.objects.get().learned_requests_per_minute == 5
    questions(9)
    drain_until(lambda: ProviderCall.objects.count() == 5 and not queue.has_work())
    assert service.app.seen.calls == 5


def test_what_is_cut_off_is_entered_as_such(service):
    service.app.always = Order(stall=30)
    [made] = questions(1)
    drain_until(lambda: service.app.seen.calls == 1)
    call = ProviderCall.objects.get()
    assert (call.outcome, call.answer) == ("cancelled", None)
    assert call.usd_reserved > 0
    made.refresh_from_db()
    assert made.cost_usd == 0


class Never(BaseModel):
    """An output that no answer gives."""

    missing: int


def test_it_asks_anew_after_an_answer_of_which_no_output_could_be_made(service, settings, monkeypatch):
    settings.PROCESSING_RETRY_BASE, settings.PROCESSING_MAX_RETRIES = 0.0, 2
    monkeypatch.setitem(registry._kinds, "test.ask", replace(registry.get("test.ask"), output=Never))
    made = job("ask", input={"text": "hello"})
    drain_until(lambda: Job.objects.filter(status="failed").exists())
    assert service.app.seen.calls == Attempt.objects.count() == 3
    assert not ProviderCall.objects.filter(rejected=False, answer__isnull=False)
    monkeypatch.undo()
    actions.retry(made)
    drain_until(lambda: Job.objects.filter(status="completed").exists())
    assert service.app.seen.calls == 4


@pytest.mark.parametrize(("orders", "validity"), [([], 1.0), ([Order(wrong=True)], 0.0)])
def test_it_tells_whether_an_answer_was_valid_at_once_or_had_to_be_repaired(service, orders, validity):
    service.order(*orders)
    made = job("number", input={"text": "forty-two"})
    drain_until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
    made.refresh_from_db()
    assert (made.status, made.quality["validation"]) == ("completed", validity)
    assert made.steps.get().quality["validation"] == validity


def test_it_does_not_tell_how_valid_its_own_answers_are_offline():
    made = job("number", input={"text": "forty-two"})
    drain_until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
    made.refresh_from_db()
    assert (made.status, made.quality) == ("completed", {})
