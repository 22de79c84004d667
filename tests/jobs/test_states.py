from __future__ import annotations

import pytest

from jobs.states import ACTIVE, COLOURS, MEANING, TERMINAL, TRANSITIONS, Status, allowed


def test_it_says_of_every_status_what_it_means_and_where_it_leads():
    assert set(MEANING) == set(COLOURS) == set(TRANSITIONS) == set(Status)


def test_it_lets_nothing_leave_completed():
    assert not TRANSITIONS[Status.COMPLETED]


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_it_lets_the_other_ends_be_left_by_requeueing_only(status):
    assert TRANSITIONS[status] == {Status.QUEUED, Status.PENDING}


def test_it_lets_every_active_status_be_cancelled():
    assert all(allowed(status, Status.CANCELLED) for status in ACTIVE)


def test_it_reaches_every_status_from_pending():
    seen, waiting = set(), {Status.PENDING}
    while waiting:
        status = waiting.pop()
        seen.add(status)
        waiting |= TRANSITIONS[status] - seen
    assert seen == set(Status) == ACTIVE | TERMINAL
