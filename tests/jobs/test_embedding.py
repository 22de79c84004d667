"""Embeddings of many steps in one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from jobs import actions, embedding, pausing
from jobs.embedding import MOST_TEXTS, Embedder, Part, _batches, shares
from jobs.gate import Gate, Wanted
from jobs.models import Attempt, Door, Job, ProviderCall
from jobs.providers import chain
from jobs.providers.contract import Embedding, Usage
from jobs.providers.local.provider import LocalProvider
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order
from tests.jobs.engine import drain_until, job
from tests.jobs.invariants import broken
from tests.jobs.test_gate import running_step

LOCAL = LocalProvider()


def part(*texts: str) -> Part:
    return Part(Wanted(ProviderCall(), ("",), 0.0, True), LOCAL, texts)


@pytest.fixture
def service(fake_openai: Served, settings) -> Served:
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_BASE_URL = "openai", fake_openai.url
    settings.PROCESSING_RETRY_BASE = 0.0
    return fake_openai


def submit(count: int) -> None:
    for number in range(count):
        job("embed", input={"text": "word " * (number + 1)})


def all_over() -> bool:
    return not Job.objects.exclude(status__in=("completed", "failed")).exists()


@pytest.mark.django_db(transaction=True)
def test_steps_that_embed_at_the_same_moment_share_a_request(service):
    submit(30)
    drain_until(all_over)
    assert Job.objects.filter(status="completed").count() == 30
    assert service.app.seen.calls <= 5
    calls = ProviderCall.objects.all()
    assert calls.count() == 30
    assert calls.filter(shared=False).count() == service.app.seen.calls, "one of each request counts as one"
    for made in Job.objects.all():
        length = len(made.input["text"])
        first, second = made.result_row.data["vectors"]
        assert first == second
        assert first[0] == pytest.approx(length / (length**2 + 1) ** 0.5), "each got its own"


@pytest.mark.django_db(transaction=True)
def test_each_step_is_charged_its_share(service):
    submit(3)
    drain_until(all_over)
    calls = list(ProviderCall.objects.all())
    assert sum(call.tokens_in for call in calls) == 2 * (5 + 10 + 15)
    assert all(call.cost_usd > 0 for call in calls)
    assert {call.model for call in calls} == {"text-embedding-3-small"}
    assert Door.objects.get().model == "text-embedding-3-small", "it has limits of its own"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", [Order(status=500), Order(wrong=True), Order(body="<html>")])
def test_what_fails_is_tried_again(service, order):
    service.order(order)
    submit(2)
    drain_until(all_over)
    assert Job.objects.filter(status="completed").count() == 2


@pytest.mark.django_db(transaction=True)
def test_it_works_offline():
    submit(2)
    drain_until(all_over)
    for made in Job.objects.all():
        assert (made.status, made.offline) == ("completed", True)
        assert len(made.result_row.data["vectors"][0]) == 512


@pytest.mark.django_db(transaction=True)
def test_who_has_no_budget_left_does_not_travel_with_others(service, settings):
    from jobs.models import Share, Tier
    from tests.jobs.engine import person

    poor = Tier.objects.create(name="poor", budget_usd_per_day=Decimal(0))
    Share.objects.create(user=person("bob"), tier=poor)
    job("embed", owner="bob", input={"text": "bob's"})
    submit(2)
    drain_until(all_over)
    assert dict(Job.objects.values_list("owner__username", "error_code")) == {
        "alice": "",
        "bob": "budget_exceeded",
    }
    texts = [text for one in service.app.seen.requests for text in one["body"]["input"]]
    assert "bob's" not in texts


def cut_off(service: Served, how: Callable[[], object]) -> None:
    """Has a job embed something, and does this in the middle of its request, which goes on for a while."""
    service.app.always = Order(stall=0.6)
    submit(1)
    done: list[object] = []

    def is_over() -> bool:
        if not done and service.app.seen.calls:
            done.append(how())
        at_work = ProviderCall.objects.filter(outcome="running") or Attempt.objects.filter(outcome="running")
        return bool(done) and not at_work

    drain_until(is_over)


@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_out_is_stored_and_charged_though_its_step_was_cancelled(service):
    cut_off(service, lambda: actions.cancel(Job.objects.get()))
    call, made = ProviderCall.objects.get(), Job.objects.get()
    assert (call.outcome, made.status) == ("succeeded", "cancelled")
    assert made.cost_usd == call.cost_usd > 0
    assert broken() == {}
    actions.retry(made)
    drain_until(lambda: Job.objects.filter(status="completed").exists())
    assert service.app.seen.calls == 1, "and is not paid for again"


@pytest.mark.django_db(transaction=True)
def test_it_is_not_paid_for_again_when_what_runs_is_stopped_by_a_pause(service):
    cut_off(service, lambda: pausing.pause("test.embed", stop_running=True))
    pausing.resume("test.embed")
    drain_until(lambda: Job.objects.filter(status="completed").exists())
    assert service.app.seen.calls == 1
    assert broken() == {}


@pytest.mark.django_db(transaction=True)
def test_it_is_stored_even_if_it_comes_when_its_step_has_gone(service, monkeypatch):
    monkeypatch.setattr(embedding, "LAST_SECONDS", 0.05)
    service.app.always = Order(stall=0.6)
    submit(1)
    cancelled: list[Job] = []

    def is_stored() -> bool:
        if not cancelled and service.app.seen.calls:
            cancelled.append(actions.cancel(Job.objects.get()))
        return ProviderCall.objects.filter(outcome="succeeded", answer__isnull=False).exists()

    drain_until(is_stored)


@pytest.mark.django_db(transaction=True)
def test_who_had_to_wait_as_one_of_many_counts_as_a_request_when_it_goes_first(service):
    step = running_step()
    call = ProviderCall(
        step=step, attempt=step.attempts, owner_id=step.owner_id, task="t", fingerprint="f",
        provider="openai", model="m", shared=True,
    )  # fmt: skip

    provider = chain.providers()[0]

    async def embed() -> Any:
        part = Part(Wanted(call, provider.endpoints, 0.0, True), provider, ["a"])
        with ThreadPoolExecutor(1) as thread:
            database = partial(asyncio.get_running_loop().run_in_executor, thread)
            try:
                return await Embedder(Gate(database)).embed(part)
            finally:
                await provider.close()
                await database(lambda: connection.close())

    assert asyncio.run(embed()).answer
    assert not ProviderCall.objects.get().shared


@given(
    st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=5), min_size=1, max_size=8),
    st.integers(0, 10**6),
)
def test_shares_add_up_to_the_whole(texts, tokens):
    parts = [part(*one) for one in texts]
    count = sum(map(len, texts))
    whole = Embedding("p", "m", tuple((float(n),) for n in range(count)), Usage(tokens, 0, Decimal("1.23")))
    found = shares(whole, parts)
    assert [one for share in found for one in share.vectors] == list(whole.vectors)
    assert sum(share.usage.tokens_in for share in found) == tokens
    assert sum(share.usage.cost_usd for share in found) == Decimal("1.23")
    assert all(share.usage.cost_usd == round(share.usage.cost_usd, 8) >= 0 for share in found), (
        "as it is kept"
    )
    assert all(share.usage.tokens_in >= 0 for share in found)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_no_request_is_too_large_and_none_is_lost(counts):
    parts = [part(*["x"] * count) for count in counts]
    batches = list(_batches(parts))
    assert sorted(place for batch in batches for place in batch) == list(range(len(parts)))
    assert all(sum(counts[place] for place in batch) <= MOST_TEXTS or len(batch) == 1 for batch in batches)
