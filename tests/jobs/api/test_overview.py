from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.api import health
from jobs.api.answers import QueueGiven, StatusGiven
from jobs.errors import InvalidData
from jobs.models import Door, ProviderCall, Worker
from jobs.providers.contract import Health
from tests.jobs.engine import claim, job, settle


def make_worker(**fields):
    return Worker.objects.create(host="here", pid=1, slot=0, concurrency=64, **fields)


def queue_of(api):
    answer = api.get("/api/v1/queue/")
    assert answer.status_code == 200
    return QueueGiven.model_validate_json(answer.content)


def status_of(api):
    answer = api.get("/api/v1/status/")
    assert answer.status_code == 200
    return StatusGiven.model_validate_json(answer.content)


class Provider:
    name = "fake"

    def __init__(self, *found):
        self.found = list(found)
        self.asked = 0

    async def health(self):
        self.asked += 1
        found = self.found.pop(0)
        if found is None:
            await asyncio.sleep(60)
        return found


@pytest.fixture
def provider(monkeypatch):
    def use(*found):
        made = Provider(*found)
        monkeypatch.setattr(health.chain, "providers", lambda: [made])
        return made

    return use


def test_it_shows_ones_own_part_of_the_queue(alice, api_of):
    job("slow", owner="bob")
    claim()
    job("slow", owner="bob")
    mine = [job("slow"), job("slow")]
    found = queue_of(api_of(alice))
    assert (found.queued, found.processing, found.site) == (2, 0, None)
    assert [one.job for one in found.jobs] == [one.pk for one in mine]
    assert found.eta_seconds == found.jobs[-1].eta_seconds > 0


def test_it_shows_an_idle_queue(alice, api_of):
    found = queue_of(api_of(alice))
    assert (found.queued, found.processing, found.eta_seconds, found.jobs) == (0, 0, None, [])


def test_it_shows_operators_all_of_it(olivia, api_of):
    make_worker()
    failed = job("broken")
    settle(claim()[0], InvalidData("No."))
    job("slow", priority="urgent")
    job("slow")
    site = queue_of(api_of(olivia)).site
    assert failed
    assert (site.queued, site.processing, site.workers, site.slots.total) == (2, 0, 1, 64)
    assert [(one.priority, one.steps) for one in site.depth] == [("urgent", 1), ("normal", 1)]
    assert site.errors == {"invalid_data": 1}
    assert site.wait_seconds.p50 == site.wait_seconds.p95 >= 0
    assert site.steps_per_minute > 0
    assert site.bottleneck == "none"


def test_it_names_what_holds_the_queue_up(olivia, api_of, settings):
    settings.PROCESSING_CONCURRENCY = 1
    job("slow")
    assert queue_of(api_of(olivia)).site.bottleneck == "workers"
    make_worker()
    claim()
    job("slow")
    assert queue_of(api_of(olivia)).site.bottleneck == "slots"


def test_it_tells_operators_what_binds_doors_and_the_budget(olivia, api_of, settings):
    settings.BUDGET_USD_PER_DAY = Decimal(10)
    Door.objects.create(
        provider="openai",
        model="m",
        closed_until=timezone.now() + timedelta(minutes=1),
        closed_for="provider_auth",
        requests_per_minute=60,
    )
    job("slow")
    site = queue_of(api_of(olivia)).site
    assert [(limit.name, limit.observations) for limit in site.limits] == [("workers", 1)]
    (door,) = site.doors
    assert (door.provider, door.state, door.closed_for) == ("openai", "closed", "provider_auth")
    assert (door.requests_last_minute.used, door.requests_last_minute.most) == (0, 60)
    assert (door.running.most, door.failure_rate.share, door.failure_rate.trend) == (None, None, "unknown")
    assert (site.budget.limit_usd, site.budget.spent_usd, site.budget.left_usd) == ("10", "0", "10")


def test_it_tells_what_is_left_of_ones_budget(alice, api_of, settings):
    assert queue_of(api_of(alice)).budget is None
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal("0.50")
    ProviderCall.objects.create(
        attempt=1, owner_id=alice.pk, task="t", fingerprint="f", provider="openai", cost_usd=Decimal("0.125")
    )
    found = queue_of(api_of(alice)).budget
    assert (found.limit_usd, found.spent_usd, found.left_usd) == ("0.5", "0.125", "0.375")
    assert found.renews_at > timezone.now()


def test_it_asks_the_database_little_for_the_queue(alice, olivia, api_of):
    for _ in range(30):
        job("slow", owner="olivia")
        job("slow")
    for person, most in ((alice, 8), (olivia, 18)):  # all of the site's, and what binds it, takes some more
        api = api_of(person)
        with CaptureQueriesContext(connection) as queries:
            assert len(queue_of(api).jobs) == 30
        assert len(queries) <= most


def test_it_says_that_all_is_well(alice, api_of):
    make_worker()
    found = status_of(api_of(alice))
    assert found.state == "ok"
    assert set(found.components) == {"database", "broker", "channel_layer", "workers", "provider:local"}
    assert {one.state for one in found.components.values()} == {"ok"}


def test_it_says_that_no_worker_lives(alice, api_of):
    found = status_of(api_of(alice))
    assert (found.state, found.components["workers"].state) == ("down", "down")


def test_it_asks_providers_now_and_then_only(alice, api_of, provider):
    fake = provider(Health("ok"), Health("degraded", "Slow today."))
    api = api_of(alice)
    assert status_of(api).components["provider:fake"].state == "ok"
    assert status_of(api).components["provider:fake"].state == "ok"
    assert fake.asked == 1
    cache.delete("status.providers.asked")
    assert status_of(api).components["provider:fake"].detail == "Slow today."


def test_it_does_not_wait_for_a_silent_provider(alice, api_of, provider, monkeypatch):
    monkeypatch.setattr(health, "PROVIDER_SECONDS", 0.01)
    provider(None)
    assert status_of(api_of(alice)).components["provider:fake"].state == "down"


def test_it_is_degraded_while_one_of_two_providers_is_down(alice, api_of, monkeypatch):
    make_worker()
    well, ill = Provider(Health("ok")), Provider(Health("down", "No key."))
    ill.name = "other"
    monkeypatch.setattr(health.chain, "providers", lambda: [well, ill])
    assert status_of(api_of(alice)).state == "degraded"


def test_it_says_since_when_a_part_is_as_it_is(alice, api_of):
    api = api_of(alice)
    first = status_of(api).components["workers"]
    assert status_of(api).components["workers"].since == first.since
    make_worker()
    assert status_of(api).components["workers"].since > first.since
