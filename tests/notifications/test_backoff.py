from __future__ import annotations

from datetime import timedelta

import pytest

from notifications.backoff import MAX_ATTEMPTS, wait_after


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 30), (2, 120), (3, 480), (4, 1_920), (5, 7_680), (6, 21_600), (7, 21_600)],
)
def test_it_waits_longer_each_time_up_to_a_limit(attempts: int, seconds: int) -> None:
    assert wait_after(attempts, jitter=1) == timedelta(seconds=seconds)
    assert wait_after(attempts, jitter=0) == timedelta(seconds=seconds / 2)


def test_it_spreads_what_failed_together() -> None:
    waits = {wait_after(3) for _ in range(20)}
    assert len(waits) > 1
    assert all(timedelta(seconds=240) <= wait <= timedelta(seconds=480) for wait in waits)


def test_it_gives_a_mail_server_the_night() -> None:
    shortest = sum((wait_after(attempts, jitter=0) for attempts in range(1, MAX_ATTEMPTS)), timedelta())
    assert shortest > timedelta(hours=7)
