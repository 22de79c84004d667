from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.forecast import (
    Arrivals,
    Load,
    Part,
    Span,
    Stream,
    effective_slots,
    forecast,
    is_uncertain,
    load_of,
)
from jobs.quantiles import Duration
from tests.bench.day import Day


def sure(seconds: float) -> Duration:
    return Duration(seconds, seconds)


def one(seconds: float, **fields) -> Load:
    return Load(sure(seconds), seconds, **fields)


loads = st.lists(
    st.builds(
        lambda p50, factor, wide: Load(
            Duration(p50, p50 * factor), Duration(p50, p50 * factor).mean * wide, p50**2
        ),
        st.floats(0.1, 100),
        st.floats(1, 4),
        st.floats(1, 5),
    ),
    max_size=30,
)


def test_it_lets_the_next_one_start_when_a_slot_is_free():
    waits = [told.wait for told in forecast(2, [one(10), one(4)], [one(3), one(3), one(3)])]
    assert waits == pytest.approx([4, 7, 10], rel=0.01)


def test_it_counts_positions_and_adds_ones_own_time():
    (first, second) = forecast(1, [], [one(5), one(7)])
    assert (first.position, second.position) == (1, 2)
    assert first.done.p50 == pytest.approx(5, rel=0.01)
    assert second.done.p50 == pytest.approx(12, rel=0.01)


def test_it_counts_later_steps_of_jobs_under_way():
    begun = load_of([Part("a", [], sure(2), runs=True), Part("b", ["a"], sure(8))])
    (told,) = forecast(1, [begun], [one(1)])
    assert told.wait == pytest.approx(10, rel=0.01)


def test_it_takes_the_longest_way_through_a_job_and_all_of_its_work():
    load = load_of(
        [
            Part("start", [], sure(1)),
            Part("short", ["start"], sure(2)),
            Part("long", ["start", "gone"], sure(9)),
            Part("end", ["short", "long"], sure(1)),
        ]
    )
    assert load.path.p50 == pytest.approx(11, rel=0.01)
    assert load.work == pytest.approx(13, rel=0.01)
    assert load_of([]).path.p50 > 0


def test_it_says_more_of_what_is_uncertain_when_what_is_ahead_is():
    told = [forecast(1, [Load(sure(100), 100, spread)], [one(10)])[0].done.p90 for spread in (0.0, 900.0)]
    assert told[0] < told[1]
    assert is_uncertain(10, 16)
    assert not is_uncertain(10, 14)


def test_it_lets_newcomers_go_before_a_long_line_but_no_more_than_their_share():
    waiting = [one(10, lead=100.0, owner="greedy")]
    alone = forecast(1, [one(50)], waiting)[0].wait

    def with_stream(**fields) -> float:
        return forecast(1, [one(50)], waiting, arrivals=Arrivals([Stream(**fields)]))[0].wait

    assert with_stream(owner="bob", rate=0.5, lead=0.0) == pytest.approx(2 * alone, rel=0.05)
    assert with_stream(owner="bob", rate=50.0, lead=0.0) == pytest.approx(alone + 100, rel=0.01)
    assert with_stream(owner="bob", rate=50.0, lead=200.0) == alone
    assert with_stream(owner="greedy", rate=50.0, lead=0.0) == alone


def test_it_holds_back_whom_a_limit_holds_back():
    waiting = [one(10, holds=[("kind", 10.0)]) for _ in range(3)]
    assert [told.wait for told in forecast(8, [], waiting, {"kind": 1})] == [0, 10, 20]
    assert [told.wait for told in forecast(8, [], waiting, {"kind": 3})] == [0, 0, 0]


@given(st.integers(1, 8), loads, loads)
def test_it_never_foretells_an_earlier_place_a_later_start(slots, running, waiting):
    told = forecast(slots, running, waiting)
    waits = [expected.wait for expected in told]
    assert waits == sorted(waits)
    assert [expected.ahead for expected in told] == list(range(len(waiting)))
    assert all(0 < expected.done.p50 <= expected.done.p90 for expected in told)


@given(st.integers(1, 8), loads, loads)
def test_it_wastes_no_slot_and_invents_none(slots, running, waiting):
    told = forecast(slots, running, [*waiting, one(1.0)])
    work = sum(load.work for load in [*running, *waiting])
    longest = max((load.work for load in [*running, *waiting]), default=0.0)
    assert told[-1].wait <= work / slots + 1e-6
    assert told[-1].wait >= work / slots - longest - 1e-6


def test_it_measures_how_many_steps_run_side_by_side_while_others_wait():
    two_at_once = [Span(0.0, float(2 * (n // 2)), float(2 * (n // 2) + 2)) for n in range(100)]
    assert effective_slots(64, two_at_once, since=0.0) == 2
    assert effective_slots(1, two_at_once, since=0.0) == 1


def test_it_concludes_nothing_from_little_or_without_a_queue():
    nobody_waits = [Span(float(n), float(n), n + 1.0) for n in range(100)]
    assert effective_slots(64, nobody_waits, since=0.0) == 64
    assert effective_slots(64, [Span(0.0, 40.0, 50.0)] * 5, since=0.0) == 64
    assert effective_slots(64, [], since=0.0) == 64


def test_it_foretells_the_jobs_of_a_busy_hour():
    guesses = Day(seed=8, hours=0.75, begins=9.5, load=0.5, one_in=10).run()
    submit = sorted(guess.error for guess in guesses if guess.when == "submit")
    naive = sorted(guess.naive_error for guess in guesses if guess.when == "submit")
    assert len(submit) > 30
    assert submit[len(submit) // 2] <= 0.25 < naive[len(naive) // 2]
    assert sum(guess.is_within_p90 for guess in guesses) >= 0.75 * len(guesses)
