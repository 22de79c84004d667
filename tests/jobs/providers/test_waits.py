"""How long a service asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.providers.openai.waits import LONGEST, duration, retry_after

LIMITS = {"x-ratelimit-reset-requests": "12ms", "x-ratelimit-reset-tokens": "6m0s"}
NAMES = ["retry-after", "retry-after-ms", *LIMITS, "x-ratelimit-remaining-requests"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "99999999999"}, LONGEST),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        (LIMITS, 0.012),
        ({**LIMITS, "x-ratelimit-remaining-tokens": "0"}, 360.0),
        ({**LIMITS, "x-ratelimit-remaining-tokens": "0", "x-ratelimit-remaining-requests": "0"}, 360.0),
        ({**LIMITS, "retry-after": "3"}, 3.0),
    ],
)
def test_it_reads_what_services_send(headers, seconds):
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("zone", [UTC, None])
def test_it_reads_a_date(zone):
    date = format_datetime((datetime.now(UTC) + timedelta(seconds=90)).replace(tzinfo=zone))
    assert retry_after({"retry-after": date}) == pytest.approx(90, abs=3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("2m59.56s", 179.56), ("1h0m1s", 3601.0), ("20ms", 0.02), ("1d", LONGEST)],
)
def test_it_reads_durations(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@given(st.dictionaries(st.sampled_from(NAMES), st.text(printable, max_size=40) | st.floats().map(str)))
def test_it_takes_any_header_and_gives_a_wait_within_a_day(headers):
    seconds = retry_after(headers)
    assert seconds is None or 0 <= seconds <= LONGEST
