"""What goes through the gate: doors, limits and budgets, over the rows that tell of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jobs import budgets, doors, gate
from jobs.doors import Traffic
from jobs.errors import (
    BudgetExceeded,
    InvalidData,
    PriceUnknown,
    ProviderClosed,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
    WorkerLost,
)
from jobs.gate import Ended, Later, Wanted
from jobs.models import Attempt, Door, ProviderCall, Share, Step, Tier
from jobs.providers.contract import Allowance, Answer, Told, Usage
from tests.jobs.engine import claim, job, person, settle

pytestmark = pytest.mark.django_db
PLACE = ("host:1",)


@pytest.fixture(autouse=True)
def _no_budgets(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = settings.BUDGET_USD_PER_DAY = None


def running_step(owner: str = "alice") -> Step:
    job("ask", owner=owner, input={"text": "hello"})
    return claim(slots=1)[0].step


def wanted(step: Step | None = None, *, usd="0.01", tokens=100, rank=0.0, places=PLACE, last=True) -> Wanted:
    step = step or running_step()
    call = ProviderCall(
        step=step, attempt=step.attempts, owner_id=step.owner_id, task="t", fingerprint="f",
        provider="openai", model="m", tokens_reserved=tokens, usd_reserved=usd and Decimal(usd),
    )  # fmt: skip
    return Wanted(call, places, rank, last)


def through(*many: Wanted) -> list[bool]:
    return [isinstance(verdict, ProviderCall) for verdict in gate.enter(many)]


def answer(usd="0.004", told: Told | None = None) -> Answer:
    return Answer("openai", "m", "yes", Usage(10, 20, Decimal(usd)), told=told or Told())


def door(**limits) -> Door:
    return Door.objects.create(provider="openai", endpoint=PLACE[0], model="m", **limits)


def test_without_limits_all_go_through_and_are_written_before_they_do():
    verdicts = gate.enter([wanted() for _ in range(20)])
    assert all(isinstance(one, ProviderCall) for one in verdicts)
    assert ProviderCall.objects.filter(outcome="running", endpoint="host:1").count() == 20


def test_no_more_than_may_run_at_once_by_rank():
    door(max_running=2)
    step = running_step()
    assert through(*(wanted(step, rank=rank) for rank in (3, 1, 2))) == [False, True, True]
    assert through(wanted(step)) == [False]


def test_a_place_is_free_again_when_a_call_has_ended():
    door(max_running=1)
    step = running_step()
    [call] = gate.enter([wanted(step)])
    assert through(wanted(step)) == [False]
    gate.leave([Ended(call, answer=answer())])
    assert through(wanted(step)) == [True]


def test_a_call_whose_attempt_is_over_holds_no_place_even_if_nobody_wrote_its_end():
    door(max_running=1)
    step = running_step()
    gate.enter([wanted(step)])
    Step.objects.filter(pk=step.pk).update(attempts=step.attempts + 1)
    assert through(wanted()) == [True]


def test_no_more_requests_a_minute_than_may_be():
    door(requests_per_minute=3)
    step = running_step()
    calls = gate.enter([wanted(step) for _ in range(5)])
    assert sum(isinstance(one, ProviderCall) for one in calls) == 3
    later = calls[4]
    assert isinstance(later, Later)
    assert 59 < later.seconds <= 60
    ProviderCall.objects.update(started_at=timezone.now() - timedelta(seconds=61), outcome="succeeded")
    assert through(wanted(step)) == [True]


def test_no_more_tokens_a_minute_than_may_be_and_what_was_taken_counts_once_it_is_known():
    door(tokens_per_minute=250)
    step = running_step()
    calls = gate.enter([wanted(step, tokens=100) for _ in range(3)])
    assert [isinstance(one, ProviderCall) for one in calls] == [True, True, False]
    gate.leave([Ended(calls[0], answer=answer())])
    assert through(wanted(step, tokens=100)) == [True], "it took 30 of the 100 that it reserved"


def test_a_call_larger_than_a_whole_minute_goes_alone():
    door(tokens_per_minute=250)
    step = running_step()
    assert through(wanted(step, tokens=9_000)) == [True]
    assert through(wanted(step, tokens=1)) == [False]


def test_a_429_closes_the_door_for_all_until_its_retry_after():
    [call] = gate.enter([wanted()])
    gate.leave([Ended(call, error=ProviderRateLimited(retry_after=30))])
    [later] = gate.enter([wanted(running_step("bob"), last=False)])
    assert isinstance(later, Later)
    assert 29 < later.seconds <= 30


def test_a_broken_service_is_left_alone_and_its_steps_go_to_the_next_provider():
    for call in gate.enter([wanted() for _ in range(5)]):
        gate.leave([Ended(call, error=ProviderUnavailable())])
    step = running_step()
    handed_on, kept = gate.enter([wanted(step, last=False), wanted(step, last=True)])
    assert isinstance(handed_on, ProviderClosed)
    assert isinstance(kept, Later), "there is no other provider to go to"


def test_a_door_opens_again_for_all_when_its_probe_went_well():
    door(failures=5, closings=1, closed_until=timezone.now() - timedelta(seconds=1), closed_for="x")
    step = running_step()
    probe, other = gate.enter([wanted(step), wanted(step)])
    assert isinstance(probe, ProviderCall)
    assert isinstance(other, Later)
    gate.leave([Ended(probe, answer=answer())])
    assert through(wanted(step), wanted(step)) == [True, True]
    assert Door.objects.get().failures == 0


def test_a_probe_that_was_cut_off_lets_another_call_try():
    half_open = door(
        closed_until=timezone.now() - timedelta(seconds=1), closed_for="provider_unavailable", closings=1
    )
    (call,) = gate.enter([wanted()])
    assert through(wanted()) == [False]
    gate.leave([Ended(call)])
    assert through(wanted()) == [True]
    half_open.refresh_from_db()
    assert half_open.probe_until


def test_a_call_that_never_went_out_takes_nothing_of_the_budget(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.015")
    step = running_step()
    (call,) = gate.enter([wanted(step)])
    gate.leave([Ended(call, is_unsent=True)])
    assert through(wanted(step)) == [True]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_deleted_harms_nobody_elses_calls():
    deleted, kept = running_step("alice"), running_step("bob")
    paid = wanted(kept)
    gate.enter([paid])
    local = ProviderCall(step=deleted, attempt=1, owner_id=deleted.owner_id, task="t", fingerprint="x")
    local.provider, local.model = "local", "m"
    deleted.job.delete()
    gate.leave([Ended(paid.call, answer()), Ended(local, answer())])
    assert ProviderCall.objects.get(pk=paid.call.pk).answer
    assert ProviderCall.objects.get(provider="local").step is None
    gone, here = gate.enter([wanted(deleted), wanted(kept)])
    assert isinstance(gone, WorkerLost)
    assert isinstance(here, ProviderCall)


def test_several_endpoints_share_the_load_and_the_ill_one_is_left_out():
    places = ("host:1", "host:2")
    step = running_step()
    calls = gate.enter([wanted(step, places=places) for _ in range(10)])
    assert sorted(call.endpoint for call in calls) == ["host:1"] * 5 + ["host:2"] * 5
    gate.leave(
        [Ended(call, error=ProviderUnavailable()) for call in calls if call.endpoint == "host:1"]
        + [Ended(call, answer=answer()) for call in calls if call.endpoint == "host:2"]
    )
    again = gate.enter([wanted(step, places=places) for _ in range(4)])
    assert {call.endpoint for call in again} == {"host:2"}


def test_limits_that_a_service_tells_of_count_until_staff_set_others():
    told = Told(requests=Allowance(limit=2, left=1, renews_in=1.0), tokens=Allowance(limit=9000))
    step = running_step()
    [call] = gate.enter([wanted(step)])
    gate.leave([Ended(call, answer=answer(told=told))])
    assert through(wanted(step), wanted(step)) == [True, False]
    Door.objects.update(requests_per_minute=10)
    assert through(wanted(step), wanted(step)) == [True, True]


def test_a_limit_that_is_used_up_closes_the_door_until_it_renews():
    told = Told(requests=Allowance(limit=100, left=0, renews_in=12.0))
    step = running_step()
    [call] = gate.enter([wanted(step)])
    gate.leave([Ended(call, answer=answer(told=told))])
    [later] = gate.enter([wanted(step)])
    assert 11 < later.seconds <= 12


def test_a_budget_holds_however_many_calls_ask_at_once(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.05")
    step = running_step()
    verdicts = gate.enter([wanted(step) for _ in range(8)])
    assert sum(isinstance(one, ProviderCall) for one in verdicts) == 5
    refused = verdicts[-1]
    assert isinstance(refused, BudgetExceeded)
    assert refused.extra["left_usd"] == "0"
    assert refused.extra["renews_at"].endswith("T00:00:00Z")
    assert through(wanted(running_step("bob"))) == [True], "another person's budget is another"


def test_what_was_really_paid_counts_once_it_is_known(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.015")
    step = running_step()
    [call] = gate.enter([wanted(step)])
    assert through(wanted(step)) == [False]
    gate.leave([Ended(call, answer=answer("0.004"))])
    assert through(wanted(step)) == [True]
    assert budgets.budget_of(step.owner_id).spent == Decimal("0.014")


def test_the_budget_of_the_installation_holds_for_all_together(settings):
    settings.BUDGET_USD_PER_DAY = Decimal("0.02")
    steps = [running_step(name) for name in ("alice", "bob", "carol")]
    assert through(*(wanted(step, rank=rank) for rank, step in enumerate(steps))) == [True, True, False]


def test_the_budget_of_a_tier_comes_before_that_of_the_settings(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.00")
    step = running_step()
    tier = Tier.objects.create(name="gold", budget_usd_per_day=Decimal("0.01"))
    Share.objects.update_or_create(user_id=step.owner_id, defaults={"tier": tier})
    assert through(wanted(step), wanted(step)) == [True, False]


def test_a_call_that_may_have_been_paid_goes_on_counting_and_one_that_was_not_does_not(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.10")
    step = running_step()
    cut, refused, stopped = gate.enter([wanted(step) for _ in range(3)])
    gate.leave(
        [Ended(cut, error=ProviderTimeout()), Ended(refused, error=ProviderUnavailable()), Ended(stopped)]
    )
    assert budgets.budget_of(step.owner_id).spent == Decimal("0.02")


def test_yesterdays_money_is_not_todays(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.01")
    step = running_step()
    gate.enter([wanted(step)])
    ProviderCall.objects.update(started_at=timezone.now() - timedelta(days=1))
    assert through(wanted(step)) == [True]


def test_a_budget_needs_to_know_the_price(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal(5)
    [verdict] = gate.enter([wanted(usd=None)])
    assert isinstance(verdict, PriceUnknown)
    settings.BUDGET_USD_PER_USER_PER_DAY = None
    assert through(wanted(usd=None)) == [True]


def test_a_lost_worker_leaves_its_money_reserved_and_no_place_taken(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.02")
    door(max_running=1)
    step = running_step()
    gate.enter([wanted(step)])
    gate.lose([step.pk])
    assert ProviderCall.objects.get().outcome == "lost"
    assert budgets.budget_of(step.owner_id).spent == Decimal("0.01")
    assert through(wanted(step)) == [True]


def test_the_end_of_an_attempt_charges_what_a_failed_call_took():
    job("ask", input={"text": "hello"})
    [held] = claim()
    [call] = gate.enter([wanted(held.step)])
    refused = ProviderUnavailable()
    refused.told = Told(usage=Usage(7, 3, Decimal("0.002")))
    gate.leave([Ended(call, error=refused)])
    from jobs.ledger import spent_by

    settle(held, InvalidData(), spent_by(held.step, held.attempt.number))
    assert Attempt.objects.get().cost_usd == Decimal("0.002")


limits = st.none() | st.integers(1, 5)


@given(
    st.lists(st.integers(0, 400), max_size=30),
    limits,
    limits,
    st.none() | st.integers(1, 1000),
)
@pytest.mark.django_db(False)
def test_whatever_comes_no_limit_is_passed(sizes, running, requests, tokens):
    now = timezone.now()
    one = Door(max_running=running, requests_per_minute=requests, tokens_per_minute=tokens)
    seen = Traffic()
    for size in sizes:
        if not doors.wait(one, seen, size, now):
            seen.add(size, now)
    assert running is None or seen.running <= running
    assert requests is None or seen.requests <= requests
    assert tokens is None or seen.tokens <= max(tokens, max(sizes, default=0))


@given(st.lists(st.decimals("0", "3", places=4), max_size=30), st.decimals("0", "10", places=4))
@pytest.mark.django_db(False)
def test_whatever_is_asked_no_budget_is_passed(prices, limit):
    purses = budgets.Purses({1: limit, budgets.SITE: limit / 2}, {})
    for usd in prices:
        purses.reserve(1, usd)
    assert purses.spent.get(1, Decimal(0)) <= limit / 2


def test_submitting_beyond_the_budget_is_refused_with_what_is_left(settings, client):
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.50")
    alice = person()
    with pytest.raises(BudgetExceeded, match=r"\$0\.5000"):
        budgets.check(alice.pk, [Decimal("0.30"), Decimal("0.30")])
    budgets.check(alice.pk, [Decimal("0.30"), None])
