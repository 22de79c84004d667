"""Whose turn it is at a door whose minute is full: large calls get theirs, whatever comes in between."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jobs import gate, turns
from jobs.doors import WINDOW_SECONDS, Traffic
from jobs.gate import Later
from jobs.models import Door, ProviderCall
from jobs.turns import HELD_SECONDS, Caller
from tests.jobs.test_gate import door, running_step, wanted

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMIT = 1000
Arrival = tuple[float, int]
"""The second at which a call comes, and its tokens. Who comes earlier has the better rank."""


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def played(arrivals: Iterable[Arrival], seconds: float, **limits: int) -> dict[int, float]:
    """When each call went through, by its place among ``arrivals``. Who must wait asks again when told to."""
    way = Door(provider="p", **limits)
    sizes = [tokens for _, tokens in arrivals]
    line = [(at, number, number) for number, (at, _) in enumerate(arrivals)]
    heapq.heapify(line)
    order = count(len(line))
    window: list[tuple[float, int]] = []
    went: dict[int, float] = {}
    while line and line[0][0] < seconds:
        at, _, number = heapq.heappop(line)
        window = [one for one in window if one[0] > at - WINDOW_SECONDS]
        used = sum(tokens for _, tokens in window)
        seen = Traffic(0, len(window), used, later(window[0][0]) if window else None)
        caller = Caller(str(number), float(number), sizes[number])
        wait = turns.wait(way, seen, caller, later(at))
        if wait:
            turns.wait_in_line(way, seen, caller, wait, later(at))
            heapq.heappush(line, (at + max(wait, 0.05), next(order), number))
        else:
            turns.leave_the_line(way, caller)
            went[number] = at
            window.append((at, sizes[number]))
    for at in went.values():
        minute = [sizes[other] for other, then in went.items() if at - WINDOW_SECONDS < then <= at]
        assert sum(minute) <= max(LIMIT, *minute) or len(minute) == 1
    return went


def stream_of_small_ones(seconds: int) -> list[Arrival]:
    """50 tokens every 2 seconds: 1,500 a minute, where 1,000 may go."""
    return [(float(at), 50) for at in range(0, seconds, 2)]


def test_a_large_call_goes_soon_among_small_ones_that_never_end():
    arrivals = sorted([*stream_of_small_ones(600), (61.0, 400)])
    large = arrivals.index((61.0, 400))
    went = played(arrivals, 600, tokens_per_minute=LIMIT)
    assert went[large] <= 61 + 2 * WINDOW_SECONDS


def test_small_calls_use_what_is_left_while_a_large_one_waits():
    way = Door(provider="p", tokens_per_minute=LIMIT)
    seen = Traffic(0, 8, 800, later(-30))
    large, small = Caller("large", 1.0, 300), Caller("small", 2.0, 50)
    assert turns.wait_in_line(way, seen, large, turns.wait(way, seen, large, NOON), NOON)
    assert turns.wait(way, seen, small, NOON) > 0
    roomy = Traffic(0, 6, 600, later(-30))
    assert turns.wait(way, roomy, small, NOON) == 0, "there is room for both"


def test_a_call_larger_than_the_limit_goes_when_the_minute_is_empty_which_comes():
    arrivals = sorted([*stream_of_small_ones(600), (61.0, 5 * LIMIT)])
    went = played(arrivals, 600, tokens_per_minute=LIMIT)
    assert went[arrivals.index((61.0, 5 * LIMIT))] <= 61 + 3 * WINDOW_SECONDS


def test_a_call_that_asks_no_more_holds_nobody_up_for_long():
    way = Door(provider="p", tokens_per_minute=LIMIT)
    seen = Traffic(0, 9, 900, later(-30))
    gone, small = Caller("gone", 1.0, 900), Caller("small", 2.0, 50)
    assert turns.wait_in_line(way, seen, gone, 2.0, NOON)
    assert 0 < turns.wait(way, seen, small, NOON) <= 2.0 + HELD_SECONDS
    assert turns.wait(way, seen, small, later(2.0 + HELD_SECONDS)) == 0


def test_a_better_rank_comes_first_and_takes_the_turn_when_it_must_wait_too():
    way = Door(provider="p", tokens_per_minute=LIMIT)
    seen = Traffic(0, 9, 900, later(-30))
    assert turns.wait_in_line(way, seen, Caller("normal", 5.0, 400), 2.0, NOON)
    assert turns.wait(way, seen, Caller("urgent", 1.0, 50), NOON) == 0
    assert not turns.wait_in_line(way, seen, Caller("other", 5.0, 400), 2.0, NOON)
    assert turns.wait_in_line(way, seen, Caller("urgent and large", 1.0, 300), 2.0, NOON)
    assert way.next_for == "urgent and large"


@given(st.lists(st.tuples(st.floats(0, 60), st.integers(1, 2 * LIMIT)), min_size=1, max_size=25))
def test_everybody_gets_their_turn(arrivals):
    arrivals = sorted(arrivals)
    minutes = 2 * len(arrivals) + 3
    assert len(played(arrivals, minutes * WINDOW_SECONDS, tokens_per_minute=LIMIT)) == len(arrivals)


@given(st.lists(st.floats(0, 60), min_size=1, max_size=25), st.integers(1, 5))
def test_everybody_gets_their_turn_where_requests_are_counted(times, requests):
    arrivals = [(at, 1) for at in sorted(times)]
    went = played(arrivals, 30 * WINDOW_SECONDS, requests_per_minute=requests)
    assert sorted(went) == list(range(len(arrivals)))


@pytest.mark.django_db
def test_all_processes_know_whose_turn_it_is(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = settings.BUDGET_USD_PER_DAY = None
    door(tokens_per_minute=250)
    old, new = running_step("alice"), running_step("bob")
    gate.enter([wanted(old, tokens=200, rank=0.0)])
    large = wanted(old, tokens=200, rank=1.0)
    assert isinstance(gate.enter([large])[0], Later)
    [held_back] = gate.enter([wanted(new, tokens=10, rank=2.0)])
    assert isinstance(held_back, Later)
    ProviderCall.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    [still], [through] = gate.enter([wanted(new, tokens=100, rank=2.0)]), gate.enter([large])
    assert isinstance(still, Later)
    assert isinstance(through, ProviderCall)
    assert Door.objects.get().next_for == ""
    assert isinstance(gate.enter([wanted(new, tokens=10, rank=2.0)])[0], ProviderCall)
