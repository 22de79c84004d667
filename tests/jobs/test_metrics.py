from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from jobs import actions, metrics, tallies
from jobs.errors import InvalidData
from jobs.models import Door, Job, ProviderCall, Tally, TallyMark
from jobs.outcomes import Failed
from jobs.tallies import BOUNDS, Key, observe
from tests.jobs.engine import claim, job, settle

pytestmark = pytest.mark.django_db
OK = (("kind", "test.noop"), ("status", "completed"))
BROKEN = (("kind", "test.broken"), ("status", "failed"))

Shown = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def look():
    """What `/metrics` says now, by name and labels, without the memory of earlier looks."""
    registry = CollectorRegistry()
    collector = metrics.EngineCollector()
    registry.register(collector)

    def look() -> Shown:
        collector._until = 0.0
        text = generate_latest(registry).decode()
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    return look


def run(kind: str = "noop") -> Job:
    made = job(kind)
    for one in claim():
        settle(one, InvalidData("No.") if kind == "broken" else None)
    made.refresh_from_db()
    return made


def fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds up all that has ended, as if it had been a while ago."""
    with monkeypatch.context() as patch:
        patch.setattr(tallies, "SETTLED", timedelta(0))
        tallies.fold()


def call(**fields: object) -> ProviderCall:
    now = timezone.now()
    given = {"outcome": "succeeded", "tokens_in": 100, "tokens_out": 20, "cost_usd": Decimal("0.5")}
    return ProviderCall.objects.create(
        **{
            "attempt": 1, "owner_id": 1, "task": "t", "fingerprint": "f", "provider": "openai", "model": "m",
            "started_at": now - timedelta(seconds=3), "finished_at": now, **given, **fields,
        }
    )  # fmt: skip


def test_it_counts_what_ended(look):
    run()
    run("broken")
    shown = look()
    assert shown["shipspeak_jobs_total", OK] == 1
    assert shown["shipspeak_jobs_total", BROKEN] == 1
    steps = {labels: value for (name, labels), value in shown.items() if name == "shipspeak_steps_total"}
    assert sorted(dict(labels)["outcome"] for labels in steps) == ["failed", "succeeded"]
    assert shown["shipspeak_queue_wait_seconds_count", ()] == 2
    assert shown["shipspeak_leases_rescued_total", ()] == 0


def test_it_counts_what_providers_did(look):
    call()
    call(outcome="failed", tokens_in=None, tokens_out=None, cost_usd=None)
    call(shared=True, tokens_in=7, tokens_out=0, cost_usd=None)
    call(outcome="running", finished_at=None)
    shown = look()
    model = (("model", "m"), ("provider", "openai"))
    for outcome in ("succeeded", "failed"):
        labels = tuple(sorted((*model, ("outcome", outcome))))
        assert shown["shipspeak_provider_requests_total", labels] == 1
    assert shown["shipspeak_tokens_total", (("direction", "in"), *model)] == 107
    assert shown["shipspeak_tokens_total", (("direction", "out"), *model)] == 20
    assert shown["shipspeak_cost_usd_total", model] == 0.5
    assert shown["shipspeak_provider_seconds_sum", model] == pytest.approx(3.0)
    assert shown["shipspeak_provider_seconds_bucket", (("le", "2.5"), *model)] == 0
    assert shown["shipspeak_provider_seconds_bucket", (("le", "5.0"), *model)] == 1


def test_it_tells_how_things_stand(look):
    job(priority="high")
    Door.objects.create(provider="openai", closed_until=timezone.now() + timedelta(minutes=1))
    Door.objects.create(provider="openai", model="other")
    Door.objects.create(provider="spare")
    shown = look()
    assert shown["shipspeak_queue_depth", (("kind", "test.noop"), ("priority", "high"))] == 1
    assert shown["shipspeak_queue_depth", (("kind", "test.noop"), ("priority", "low"))] == 0
    assert shown["shipspeak_breaker_open", (("provider", "openai"),)] == 1
    assert shown["shipspeak_breaker_open", (("provider", "spare"),)] == 0
    assert shown["shipspeak_workers", ()] == 0


def counters(shown: Shown) -> Shown:
    return {
        key: value for key, value in shown.items() if key[0].endswith(("_total", "_sum", "_count", "_bucket"))
    }


def test_it_says_the_same_before_and_after_adding_up(look, monkeypatch):
    run()
    call()
    before = counters(look())
    tallies.fold()
    assert not Tally.objects.exists(), "what ended just now is not settled yet"
    fold(monkeypatch)
    assert Tally.objects.exists()
    assert counters(look()) == pytest.approx(before)
    fold(monkeypatch)
    assert counters(look()) == pytest.approx(before)


def test_it_goes_on_counting_what_was_deleted(look, monkeypatch):
    run()
    fold(monkeypatch)
    Job.objects.all().delete()
    run()
    assert look()["shipspeak_jobs_total", OK] == 2


def test_it_never_falls_even_if_something_is_deleted_at_once(look):
    run()
    first = counters(look())
    Job.objects.all().delete()
    assert counters(look()) == first


@pytest.mark.parametrize("settled", [False, True])
def test_it_counts_each_end_of_a_job_that_was_requeued(look, monkeypatch, settled):
    made = run("broken")
    if settled:
        fold(monkeypatch)
    actions.requeue([made.pk])
    assert look()["shipspeak_jobs_total", BROKEN] == 1
    for one in claim():
        settle(one, Failed(InvalidData("No.")))
    assert look()["shipspeak_jobs_total", BROKEN] == 2
    fold(monkeypatch)
    assert look()["shipspeak_jobs_total", BROKEN] == 2


def test_it_adds_up_a_long_past_piece_by_piece(look, monkeypatch):
    now = timezone.now()
    for minutes in range(7):
        call(finished_at=now - timedelta(minutes=10 - minutes))
    monkeypatch.setattr(tallies, "AT_ONCE", 3)
    seen = []
    for _ in range(5):
        tallies.fold()
        counts = tallies.count()
        seen.append(counts[Key(tallies.REQUESTS, ("openai", "m", "succeeded"))])
    assert seen == sorted(seen)
    assert seen[-1] == 7


def test_it_leaves_none_out_that_ended_at_the_same_moment(monkeypatch):
    now = timezone.now()
    for minutes in (9, 8, 8, 7):
        call(finished_at=now - timedelta(minutes=minutes))
    monkeypatch.setattr(tallies, "AT_ONCE", 3)
    for _ in range(3):
        tallies.fold()
    mark = TallyMark.objects.get(source="calls")
    assert mark.upto > tallies._micros(now - timedelta(minutes=1))
    assert tallies.count()[Key(tallies.REQUESTS, ("openai", "m", "succeeded"))] == 4


@pytest.mark.parametrize(
    ("seconds", "bound"), [(-1, "0.01"), (0.01, "0.01"), (0.011, "0.05"), (600, "600.0"), (601, "+Inf")]
)
def test_it_sorts_into_buckets(seconds, bound):
    counts: defaultdict[Key, float] = defaultdict(float)
    observe(counts, "m", (), seconds)
    assert counts[Key("m_bucket", (bound,))] == 1
    assert bound in BOUNDS


def test_it_asks_the_database_seldom_and_little(django_assert_max_num_queries):
    collector = metrics.EngineCollector()
    with django_assert_max_num_queries(8):
        first = list(collector.collect())
        assert list(collector.collect()) == first


def test_it_has_no_metrics_while_the_database_is_away(monkeypatch):
    def away() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(tallies, "count", away)
    assert list(metrics.EngineCollector().collect()) == []


def test_it_names_no_person_job_or_free_text(look):
    run()
    call()
    allowed = {"kind", "status", "step", "outcome", "provider", "model", "direction", "le", "priority"}
    assert {name for _, labels in look() for name, _ in labels} <= allowed


def test_metrics_are_shown(client):
    text = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    for name in ("shipspeak_workers", "shipspeak_queue_depth", "shipspeak_jobs_total"):
        assert f"# TYPE {name.removesuffix('_total')}" in text
