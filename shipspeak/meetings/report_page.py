"""All that the result page of a meeting shows: the report, and what is drawn from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shipspeak.meetings import charts

RADIUS = 26
"""Of a score's dial, in the units of its drawing."""
ROUND = 2 * math.pi * RADIUS

SECTIONS = (
    ("summary", "Summary", False),
    ("decisions", "Decisions", True),
    ("action_items", "Action items", True),
    ("topics", "Topics", True),
    ("speakers", "Speakers", True),
    ("communication", "Communication", True),
    ("turns", "Transcript", True),
    ("quality", "How it was made", False),
)
"""The parts of the page: the report's field, a title, and whether the things in it are counted."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its anchor, its title, and how many things are in it (None: not counted)."""

    anchor: str
    title: str
    count: int | str | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report, or what there is of one, and its drawings.

    Attributes:
        report: a `shipspeak.meetings.schemas.MeetingReport` as JSON; of a job that failed, the fields that
            its completed steps gave.
        sections: those parts of the page for which there is something.
        speakers: how many people spoke, in words.
    """

    report: Mapping[str, Any]
    sections: Sequence[Section]
    speakers: str
    tones: Mapping[str | None, int]
    shares: Sequence[charts.Segment]
    flow: charts.Flow
    measures: Sequence[charts.Chart]
    topics: Sequence[charts.Segment]


def report_page(report: Mapping[str, Any]) -> ReportPage:
    """Draws ``report``, whole or in part."""
    speakers, turns = report.get("speakers", ()), report.get("turns", ())
    return ReportPage(
        report=report,
        sections=_sections(report),
        speakers=charts.speaker_count(speakers),
        tones=charts.tones(speakers),
        shares=charts.shares(speakers),
        flow=charts.flow(turns, speakers),
        measures=charts.charts(speakers),
        topics=charts.topics(report.get("topics", ())),
    )


def found_so_far(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a report that the completed steps of a failed job gave.

    Args:
        outputs: by step name, as in `shipspeak.meetings.report.report`; not all of them are there.
    """
    communication = outputs.get("communication", {})
    parts = [outputs.get(name, {}) for name in ("parse", "content", "delivery")]
    known = {name: value for part in parts for name, value in part.items()}
    if "scores" in communication:
        known["communication"] = communication["scores"]
    return known


def arc(score: float) -> str:
    """``stroke-dasharray`` of a dial that shows ``score`` of 100."""
    return f"{ROUND * score / 100:.1f} {ROUND:.1f}"


def _count(name: str, report: Mapping[str, Any]) -> int | str:
    return charts.speaker_count(report[name]) if name == "speakers" else len(report[name])


def _sections(report: Mapping[str, Any]) -> list[Section]:
    return [
        Section(name.replace("_", "-"), title, _count(name, report) if counted else None)
        for name, title, counted in SECTIONS
        if name in report
    ]
