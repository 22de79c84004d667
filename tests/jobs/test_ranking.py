from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobs.ranking import HEAD_START, MOMENT, rank, served, tags
from jobs.states import Priority

seconds = st.floats(0.01, 600)


def test_it_starts_a_newcomer_a_moment_before_those_served_last():
    assert tags(virtual_time=40, last_finish=0, seconds=5).start == 40 - MOMENT


def test_it_starts_the_next_job_of_a_busy_person_after_their_last():
    assert tags(virtual_time=40, last_finish=90, seconds=5) == tags(virtual_time=0, last_finish=90, seconds=5)


def test_it_lets_twice_the_weight_take_half_the_virtual_time():
    assert tags(virtual_time=0, last_finish=0, seconds=10, weight=2).finish == 5


@given(st.lists(seconds, min_size=1, max_size=50), st.floats(0, 1e6))
def test_it_never_ranks_a_persons_later_job_before_an_earlier_one(lengths, virtual_time):
    finish, starts = 0.0, []
    for length in lengths:
        given_tags = tags(virtual_time=virtual_time, last_finish=finish, seconds=length)
        starts.append(given_tags.start)
        finish = given_tags.finish
    assert starts == sorted(starts)


@given(st.floats(0, 1e6), st.sampled_from(Priority))
def test_it_never_takes_the_queue_for_served_beyond_what_was_claimed(start, priority):
    assert served(start, priority) <= min(start, rank(start, priority))


def test_it_gives_a_higher_priority_a_head_start_and_no_monopoly():
    assert rank(100, Priority.URGENT) < rank(100, Priority.HIGH) < rank(100, Priority.NORMAL)
    assert rank(100, Priority.NORMAL) < rank(100, Priority.LOW)
    far_ahead = 100 + HEAD_START[Priority.URGENT] + 1
    assert rank(far_ahead, Priority.URGENT) > rank(100, Priority.NORMAL)
