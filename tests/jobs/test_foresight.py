from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import foresight
from jobs.bottleneck import Bottleneck, Limit
from jobs.foresight import CALLS_ENOUGH, Failures, Hour, Rate, Trend, Waits, advise, demand, wilson
from jobs.models import Job, ProviderCall
from tests.jobs.engine import job

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NO_WAITS = Waits(0.0, 0.0, 0)


def test_it_counts_the_jobs_of_each_hour_and_on_how_many_days_it_was_watched():
    submitted = {NOON - timedelta(days=day, hours=3): 6 for day in range(1, 5)}
    hours = demand(submitted, NOON - timedelta(days=4, hours=6), NOON + timedelta(minutes=20))
    assert hours[9] == Hour(9, 24, 5)
    assert hours[9].usual == pytest.approx(4.8)
    assert hours[12] == Hour(12, 0, 4)
    assert len(hours) == 24


def test_it_leaves_out_hours_that_were_not_seen_whole():
    since = NOON - timedelta(hours=1, minutes=30)
    hours = demand({NOON: 100, NOON - timedelta(hours=2): 100}, since, NOON + timedelta(minutes=59))
    assert [(one.hour, one.jobs) for one in hours if one.days] == [(11, 0)]
    assert hours[11].usual is None
    assert demand({}, NOON, NOON)[0].days == 0


def test_it_gives_the_interval_of_wilsons_paper():
    low, high = wilson(1, 10)
    assert (round(low, 4), round(high, 4)) == (0.0179, 0.4042)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_it_has_an_interval_that_holds_the_share_seen(count, part):
    hits = round(part * count)
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count <= high <= 1


@pytest.mark.parametrize(
    ("lately", "before", "trend"),
    [
        ((CALLS_ENOUGH - 1, CALLS_ENOUGH - 1), (0, 500), Trend.UNKNOWN),
        ((30, 100), (10, 1000), Trend.WORSE),
        ((0, 300), (300, 1000), Trend.BETTER),
        ((3, 100), (20, 1000), Trend.STEADY),
        ((3, 100), (0, 3), Trend.UNKNOWN),
    ],
)
def test_it_sees_a_trend_only_where_there_is_one(lately, before, trend):
    assert Failures("openai", Rate(*lately), Rate(*before)).trend is trend


def test_it_advises_in_words_with_what_they_rest_on():
    busy = [Hour(hour, 300 if hour == 14 else 10, 10) for hour in range(24)]
    worse = Failures("openai", Rate(40, 100), Rate(10, 1000))
    slots = Limit("slots", "", 64, 64, "All 64 slots are busy.", 12)
    given = advise(busy, NO_WAITS, Bottleneck([slots], 12), [worse], hour=9)
    assert [one.observations for one in given] == [12, 1100, 10]
    assert "All 64 slots" in given[0].text
    assert "40% of its calls in the last hour, 1% in the day before" in given[1].text
    assert "14:00 UTC, about 30 in that hour; now it is about 1" in given[2].text


def test_it_keeps_quiet_when_there_is_too_little_to_say():
    few = [Hour(hour, 300 if hour == 14 else 10, 2) for hour in range(24)]
    steady = Failures("openai", Rate(1, 5), Rate(0, 5))
    assert advise(few, NO_WAITS, Bottleneck(), [steady], hour=9) == []


def call(outcome: str, ago: timedelta, provider: str = "openai", now: datetime = NOON) -> None:
    ProviderCall.objects.create(
        attempt=1,
        owner_id=1,
        task="t",
        fingerprint="f",
        provider=provider,
        outcome=outcome,
        started_at=now - ago,
    )


@pytest.mark.django_db
def test_it_reads_how_often_calls_failed_by_provider():
    for minutes in range(30):
        call("failed" if minutes % 3 == 0 else "succeeded", timedelta(minutes=minutes))
        call("succeeded", timedelta(hours=2, minutes=minutes))
    call("running", timedelta(minutes=1))
    call("cancelled", timedelta(minutes=1))
    call("failed", timedelta(days=2))
    call("failed", timedelta(minutes=1), provider="other")
    assert foresight.read_failures(NOON) == [
        Failures("openai", Rate(10, 30), Rate(0, 30)),
        Failures("other", Rate(1, 1), Rate(0, 0)),
    ]


@pytest.mark.django_db
def test_it_reads_the_demand_from_the_jobs():
    for days, count in ((20, 9), (2, 3), (1, 2)):
        for _ in range(count):
            made = job()
            Job.objects.filter(pk=made.pk).update(created_at=NOON - timedelta(days=days))
    hours = foresight.read_demand(NOON + timedelta(minutes=5))
    assert hours[12].jobs == 5
    assert hours[12].days >= 2


@pytest.mark.django_db
def test_it_says_all_of_it_of_an_empty_site_and_of_one_where_a_job_waits():
    empty = foresight.foresee()
    assert (empty.bottleneck.name, empty.waits.ahead, empty.advice) == ("none", 0, [])
    job("slow")
    found = foresight.foresee()
    assert found.bottleneck.name == "workers"
    assert found.waits.ahead == 1
    assert "No worker is running" in found.advice[0].text
