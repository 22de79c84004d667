"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs import wording

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "any moment now"),
        (5, "a few seconds"),
        (11, "about 15 s"),
        (31, "about 40 s"),
        (55, "about 1 min"),
        (150, "about 2 min"),
        (3590, "about 1 h"),
        (4000, "about 1 h 5 min"),
        (3.4 * 3600, "about 3 h 30 min"),
    ],
)
def test_it_rounds_an_estimate_as_far_as_it_deserves(seconds: float, words: str) -> None:
    assert wording.about(seconds) == words


@pytest.mark.parametrize(
    ("between", "words"),
    [
        ((2, 6), "a few seconds"),
        ((2, 31), "5 to 40 s"),
        ((40, 170), "40 s to 3 min"),
        ((180, 480), "3 to 8 min"),
        ((3000, 7200), "50 min to 2 h"),
        ((4000, 9000), "1.1 to 2.5 h"),
        ((31, 38), "about 40 s"),
    ],
)
def test_it_tells_an_uncertain_estimate_as_a_range(between: tuple[float, float], words: str) -> None:
    assert wording.about(between[0], between) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (61, "1 min 1 s"),
        (120, "2 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_it_says_how_long_something_took(seconds: float, words: str) -> None:
    assert wording.took(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (249.9, "4:09"), (3753, "1:02:33")])
def test_it_says_where_in_a_recording(seconds: float, words: str) -> None:
    assert wording.clock(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "just now"), (50, "1 min ago"), (3500, "58 min ago"), (3600, "1 h ago"), (30 * 3600, "yesterday")],
)
def test_it_says_how_long_ago(seconds: float, words: str) -> None:
    assert wording.ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_it_names_the_day_of_what_is_long_ago() -> None:
    assert wording.ago(NOW - timedelta(days=51), NOW) == "3 Oct 2026"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "not known"),
        ("0", "$0.00"),
        ("1.2", "$1.20"),
        ("0.1", "$0.10"),
        ("0.0042", "$0.0042"),
        ("0.00001234", "$0.000012"),
        ("0.0000001", "under $0.000001"),
    ],
)
def test_it_never_says_that_unknown_or_little_money_is_none(amount: str | None, words: str) -> None:
    assert wording.usd(amount) == words


def test_it_says_a_hundred_percent_only_when_it_is_done() -> None:
    assert [wording.percent(share) for share in (0, 0.29, 0.999, 1, 1.2)] == [
        "0%",
        "29%",
        "99%",
        "100%",
        "100%",
    ]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (812, "812 bytes"), (1434, "1.4 KB"), (25 * 2**20, "25 MB")]
)
def test_it_says_how_much_data(count: int, words: str) -> None:
    assert wording.size(count) == words
