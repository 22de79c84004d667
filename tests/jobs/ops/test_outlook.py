from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jobs.foresight import Hour
from jobs.ops.outlook import HIGH, WIDE, draw, round_up

NINE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 2), (2, 2), (2.1, 4), (4.5, 5), (7, 10), (10, 10), (11, 20), (430, 500), (1000, 1000)],
)
def test_it_ends_the_axis_with_a_round_number(value, top):
    assert round_up(value) == top


def test_it_draws_each_hour_as_high_as_its_demand():
    hours = [Hour(hour, 40 if hour == 14 else 10, 10) for hour in range(24)]
    chart = draw(hours, NINE)
    assert len(chart.columns) == 24
    assert (chart.jobs, chart.days) == (270, 10)
    assert [one.text for one in chart.ticks] == ["4", "2"]
    assert (chart.columns[14].height, chart.columns[14].y) == (HIGH, 0.0)
    assert chart.columns[13].height == HIGH / 4
    assert [one.hour for one in chart.columns if one.is_now] == [9]
    assert chart.columns[-1].x + chart.columns[-1].width < WIDE
    assert chart.columns[14].text == "14:00 UTC: 4.0 jobs (10 days)"


def test_it_says_of_which_hours_too_few_were_seen():
    hours = [Hour(hour, 10, 5 if hour else 1) for hour in range(24)]
    first = draw(hours, NINE).columns[0]
    assert (first.height, first.text) == (0.0, "00:00 UTC: too few days to say (1 day)")


def test_it_draws_nothing_of_too_few_days():
    chart = draw([Hour(hour, 1, 2) for hour in range(24)], NINE)
    assert (chart.columns, chart.jobs, chart.days) == ((), 24, 2)
