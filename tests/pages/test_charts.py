"""The result page's charts: what they show, and what they do not pretend to know."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from shipspeak.meetings import charts
from shipspeak.meetings.report_page import arc, found_so_far, report_page
from tests.pages.samples import TIMED, UNTIMED, meeting_report, step_outputs


def chart(report: dict[str, Any], title: str) -> charts.Chart:
    return next(one for one in charts.charts(report["speakers"]) if one.title == title)


def test_it_fills_the_band_of_shares() -> None:
    segments = charts.shares(meeting_report()["speakers"])

    assert segments[0].width >= segments[-1].width
    assert abs(segments[-1].x + segments[-1].width - charts.WIDE) < 1
    assert all(abs(left.x + left.width - right.x) < 0.2 for left, right in pairwise(segments))


def test_it_puts_the_shares_of_many_together() -> None:
    speakers = [{"name": f"P{number}", "share": 0.02} for number in range(50)]

    segments = charts.shares(speakers)

    assert len(segments) == charts.SHOWN + 1
    assert (segments[-1].name, segments[-1].text, segments[-1].tone) == ("42 more", "84%", 0)


def test_it_draws_bars_relative_to_the_longest() -> None:
    bars = chart(meeting_report(), "Pace").bars

    assert len(bars) == 3
    assert max(bar.width for bar in bars) == 100
    assert all(bar.text.isdigit() for bar in bars)


def test_it_says_why_a_measure_is_not_known_instead_of_drawing_zero() -> None:
    pace = chart(meeting_report(UNTIMED), "Pace")

    assert not pace.bars
    assert pace.why == "The transcript has no times."


def test_it_shows_eight_speakers_and_says_how_many_more_there_are() -> None:
    text = "".join(f"Person {chr(65 + number)}: I am here, and this is what I say.\n" for number in range(11))

    found = chart(meeting_report(text), "Longest turn")

    assert (len(found.bars), found.more) == (8, 3)
    assert [bar.tone for bar in found.bars] == list(range(1, 9))


def test_it_lays_turns_out_by_the_clock_where_there_is_one() -> None:
    report = meeting_report()
    flow = charts.flow(report["turns"], report["speakers"])

    assert list(flow.ticks) == ["0:00", "0:14", "0:29"]
    ann = next(lane for lane in flow.lanes if lane.name == "Ann")
    assert ann.path.count("M") == 2
    assert ann.path.startswith("M0.0 0h172.4v1")


def test_it_lays_turns_out_by_words_without_a_clock() -> None:
    report = meeting_report(UNTIMED)
    flow = charts.flow(report["turns"], report["speakers"])

    assert list(flow.ticks) == list(charts.UNTIMED)
    assert sum(lane.path.count("M") for lane in flow.lanes) == 3


def test_it_joins_turns_that_touch() -> None:
    turns = [{"speaker": "A", "text": "x", "start": i, "end": i + 1} for i in range(5000)]
    flow = charts.flow(turns, [{"name": "A"}])

    assert flow.lanes[0].path == "M0.0 0h1000.0v1h-1000.0z"


def test_it_lists_all_parts_of_a_whole_report() -> None:
    page = report_page(meeting_report(TIMED))

    assert [(one.anchor, one.count) for one in page.sections] == [
        ("summary", None),
        ("decisions", 1),
        ("action-items", 2),
        ("topics", 1),
        ("speakers", "3"),
        ("communication", 2),
        ("turns", 4),
        ("quality", None),
    ]


def test_it_draws_what_the_steps_of_a_failed_job_gave() -> None:
    outputs = step_outputs()
    del outputs["content"]

    page = report_page(found_so_far(outputs))

    assert [one.anchor for one in page.sections] == ["speakers", "communication", "turns"]
    assert page.measures[0].bars


def test_it_turns_a_score_into_an_arc() -> None:
    assert arc(0) == "0.0 163.4"
    assert arc(100) == "163.4 163.4"
