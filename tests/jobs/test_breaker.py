"""When doors close, and when they open again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import breaker
from jobs.breaker import FIRST_SECONDS, LONGEST_SECONDS, PROBE_SECONDS, THRESHOLD, Circuit
from jobs.errors import (
    ProviderAuthError,
    ProviderMisconfigured,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
)
from jobs.models import Door

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def broken() -> Door:
    door = Door(provider="openai")
    for _ in range(THRESHOLD):
        breaker.failed(door, ProviderUnavailable(), NOW)
    return door


def test_it_closes_after_so_many_failures_in_a_row():
    door = Door()
    for count in range(1, THRESHOLD):
        breaker.failed(door, ProviderUnreachable(), NOW)
        assert breaker.circuit(door, NOW) is Circuit.CLOSED, count
    breaker.failed(door, ProviderTimeout(), NOW)
    assert breaker.circuit(door, NOW) is Circuit.OPEN
    assert breaker.wait(door, NOW) == FIRST_SECONDS


def test_a_success_between_them_starts_the_count_anew():
    door = Door()
    for _ in range(3):
        for _ in range(THRESHOLD - 1):
            breaker.failed(door, ProviderUnavailable(), NOW)
        breaker.succeeded(door, NOW)
    assert breaker.circuit(door, NOW) is Circuit.CLOSED


@pytest.mark.parametrize("error", [ProviderAuthError(), ProviderQuotaExceeded(), ProviderMisconfigured()])
def test_it_closes_at_once_for_what_every_call_would_meet(error):
    door = Door()
    breaker.failed(door, error, NOW)
    assert (breaker.circuit(door, NOW), door.closed_for) == (Circuit.OPEN, error.code)


def test_a_refused_request_shows_that_the_service_works():
    door = Door(failures=THRESHOLD - 1)
    breaker.failed(door, ProviderRejected(), NOW)
    assert door.failures == 0


def test_one_probe_goes_ahead_and_opens_it():
    door = broken()
    then = later(FIRST_SECONDS)
    assert breaker.circuit(door, then) is Circuit.HALF_OPEN
    assert breaker.wait(door, then) == 0.0
    assert breaker.let_through(door, then)
    assert breaker.wait(door, then) == PROBE_SECONDS, "nobody else goes"
    breaker.succeeded(door, later(FIRST_SECONDS + 1))
    assert breaker.circuit(door, then) is Circuit.CLOSED
    assert (door.failures, door.closings, door.closed_for) == (0, 0, "")


def test_a_probe_that_fails_closes_it_for_twice_as_long():
    door, now, waits = broken(), NOW, []
    for _ in range(8):
        waits.append(breaker.wait(door, now))
        now += timedelta(seconds=waits[-1])
        breaker.let_through(door, now)
        breaker.failed(door, ProviderUnavailable(), now)
    assert waits[:4] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS, 8 * FIRST_SECONDS]
    assert waits[-1] == LONGEST_SECONDS


def test_another_probe_goes_when_the_first_one_is_lost():
    door = broken()
    breaker.let_through(door, later(FIRST_SECONDS))
    assert breaker.wait(door, later(FIRST_SECONDS + PROBE_SECONDS)) == 0.0


def test_a_service_that_asks_for_time_gets_it():
    door = Door()
    breaker.failed(door, ProviderRateLimited(retry_after=40), NOW)
    assert breaker.wait(door, NOW) == 40.0
    breaker.failed(door, ProviderRateLimited(retry_after=10), NOW)
    assert breaker.wait(door, NOW) == 40.0, "less does not shorten it"
    breaker.failed(door, ProviderRateLimited(retry_after=90), later(1))
    assert breaker.wait(door, NOW) == 91.0, "more makes it longer"


def test_slow_down_without_a_time_doubles():
    door = Door()
    breaker.failed(door, ProviderRateLimited(), NOW)
    first = breaker.wait(door, NOW)
    breaker.failed(door, ProviderRateLimited(), NOW)
    assert breaker.wait(door, NOW) == first, "those under way don't make it longer"
    breaker.failed(door, ProviderRateLimited(), later(first))
    assert breaker.wait(door, later(first)) == 2 * first


def test_calls_from_before_it_closed_change_nothing():
    door = broken()
    before = (door.closed_until, door.closings)
    breaker.succeeded(door, later(1))
    breaker.failed(door, ProviderUnavailable(), later(2))
    assert (door.closed_until, door.closings) == before


happenings = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=400),
        st.sampled_from(["through", "well", "unavailable", "limited", "limited for", "auth", "rejected"]),
    ),
    max_size=60,
)


@given(happenings)
def test_it_never_stays_closed_for_ever(happened):
    door, now = Door(), NOW
    errors = {
        "unavailable": ProviderUnavailable(),
        "limited": ProviderRateLimited(),
        "limited for": ProviderRateLimited(retry_after=100),
        "auth": ProviderAuthError(),
        "rejected": ProviderRejected(),
    }
    for seconds, what in happened:
        now += timedelta(seconds=seconds)
        if what == "through":
            if not breaker.wait(door, now):
                breaker.let_through(door, now)
        elif what == "well":
            breaker.succeeded(door, now)
        else:
            breaker.failed(door, errors[what], now)
        assert 0 <= breaker.wait(door, now) <= LONGEST_SECONDS
    now += timedelta(seconds=LONGEST_SECONDS + PROBE_SECONDS)
    assert breaker.wait(door, now) == 0.0
    breaker.let_through(door, now)
    breaker.succeeded(door, now)
    assert breaker.circuit(door, now) is Circuit.CLOSED
