"""The result page's charts as numbers: widths, places and labels that templates draw as inline SVG. Pure.

Speakers have the same tone everywhere, by the share of their talk; those after the `TONES` first are grey.
No chart says anything by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs import wording

TONES = 8
SHOWN = 8
"""How many speakers a chart shows; the table has all of them."""
LANES = 6
WIDE = 1000
"""Width of the drawings in their own units."""
NARROWEST = 2.0
"""So many units wide is a turn drawn at least, so that it can be seen."""
NOBODY = "Unnamed"

UNTIMED = ("first word", "", "last word")

Turn = Mapping[str, Any]
Speaker = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """One speaker's bar: how long (percent of the longest), and its value in words."""

    name: str
    tone: int
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of one measure; ``why`` says why there are none. ``more`` speakers are only in the table."""

    title: str
    note: str
    bars: Sequence[Bar]
    why: str
    more: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a band: where it begins and how wide it is, of `WIDE`, and what it stands for."""

    name: str
    tone: int
    x: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Lane:
    """When one speaker spoke: an SVG path of boxes, `WIDE` wide and 1 high."""

    name: str
    tone: int
    path: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Who spoke when, and what the axis says at its begin, middle and end."""

    lanes: Sequence[Lane]
    ticks: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Measure:
    title: str
    note: str
    value: Callable[[Speaker], float | None]
    why: Callable[[Speaker], str]
    text: Callable[[float], str]


def tones(speakers: Sequence[Speaker]) -> dict[str | None, int]:
    """Each speaker's tone, 1 to `TONES`; 0, grey, for the rest and for what nobody is named for."""
    named = [one["name"] for one in speakers if one["name"] is not None]
    return {None: 0} | {name: place if place <= TONES else 0 for place, name in enumerate(named, 1)}


def shares(speakers: Sequence[Speaker]) -> list[Segment]:
    """The band of the shares of talk; those after the first `SHOWN` speakers are one segment."""
    colours = tones(speakers)
    parts = [(label(one["name"]), colours[one["name"]], one["share"]) for one in speakers[:SHOWN]]
    rest = speakers[SHOWN:]
    if rest:
        parts.append((f"{len(rest)} more", 0, sum(one["share"] for one in rest)))
    segments, x = [], 0.0
    for name, tone, share in parts:
        segments.append(
            Segment(name, tone, round(WIDE * x, 1), round(WIDE * share, 1), f"{100 * share:.0f}%")
        )
        x += share
    return segments


def topics(found: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """The band of the topics, each as wide as its share of the words."""
    segments, x = [], 0.0
    for place, topic in enumerate(found, 1):
        width = WIDE * topic["share"]
        tone = 1 + (place - 1) % TONES
        segments.append(Segment(topic["title"], tone, round(x, 1), round(width, 1), str(place)))
        x += width
    return segments


def charts(speakers: Sequence[Speaker]) -> list[Chart]:
    """A chart for each measure of the speakers."""
    return [_chart(measure, speakers) for measure in MEASURES]


def flow(turns: Sequence[Turn], speakers: Sequence[Speaker]) -> Flow:
    """Who spoke when: by the clock where every turn has times, else by the words before."""
    timed = _timed(turns)
    spans = timed or _by_words(turns)
    whole = max((end for _, _, end in spans), default=0.0) or 1.0
    colours = tones(speakers)
    names = [one["name"] for one in speakers][:LANES]
    lanes = [Lane(label(name), colours[name], _boxes(spans, name, whole)) for name in names]
    ticks = [wording.clock(whole * part) for part in (0, 0.5, 1)] if timed else UNTIMED
    return Flow(lanes, ticks)


def label(name: str | None) -> str:
    """What a speaker is called on the page."""
    return name if name is not None else NOBODY


def speaker_count(speakers: Sequence[Speaker]) -> str:
    """How many people spoke, in the words that every place uses: those with a name, and whether there were
    others."""
    named = sum(one["name"] is not None for one in speakers)
    if named == len(speakers):
        return str(named)
    return f"{named} and unnamed" if named else "unnamed"


def _chart(measure: _Measure, speakers: Sequence[Speaker]) -> Chart:
    colours = tones(speakers)
    known = [(one, value) for one in speakers if (value := measure.value(one)) is not None]
    longest = max((value for _, value in known), default=0.0) or 1.0
    bars = [
        Bar(label(one["name"]), colours[one["name"]], round(100 * value / longest, 1), measure.text(value))
        for one, value in known[:SHOWN]
    ]
    why = "" if known else next(filter(None, map(measure.why, speakers)), "Nobody spoke.")
    return Chart(measure.title, measure.note, bars, why, max(0, len(known) - SHOWN))


def _measured(field: str) -> tuple[Callable[[Speaker], float | None], Callable[[Speaker], str]]:
    return (lambda one: one[field]["value"]), (lambda one: one[field]["why"])


def _no_reason(one: Speaker) -> str:
    return ""


MEASURES = (
    _Measure("Pace", "words per minute", *_measured("words_per_minute"), "{:.0f}".format),
    _Measure("Fillers", "per 100 words", *_measured("fillers_per_100"), "{:.1f}".format),
    _Measure("Hedging", "per 100 words", *_measured("hedges_per_100"), "{:.1f}".format),
    _Measure("Questions", "asked", *_measured("questions"), "{:.0f}".format),
    _Measure("Longest turn", "words", lambda one: one["longest_turn_words"], _no_reason, "{:.0f}".format),
    _Measure("Interruptions", "of others", *_measured("interruptions"), "{:.0f}".format),
)

Span = tuple[str | None, float, float]


def _timed(turns: Sequence[Turn]) -> list[Span]:
    if any(turn["start"] is None or turn["end"] is None for turn in turns):
        return []
    zero = min((turn["start"] for turn in turns), default=0.0)
    return [(turn["speaker"], turn["start"] - zero, turn["end"] - zero) for turn in turns]


def _by_words(turns: Sequence[Turn]) -> list[Span]:
    spans, said = [], 0
    for turn in turns:
        words = 1 + turn["text"].count(" ")
        spans.append((turn["speaker"], float(said), float(said + words)))
        said += words
    return spans


def _boxes(spans: Sequence[Span], name: str | None, whole: float) -> str:
    """The speaker's turns as boxes; those that touch at this size become one."""
    boxes: list[list[float]] = []
    for _, start, end in sorted(span for span in spans if span[0] == name):
        left = min(WIDE * start / whole, WIDE - NARROWEST)
        right = max(left + NARROWEST, WIDE * end / whole)
        if boxes and left <= boxes[-1][1]:
            boxes[-1][1] = max(boxes[-1][1], right)
        else:
            boxes.append([left, right])
    return "".join(f"M{left:.1f} 0h{right - left:.1f}v1h-{right - left:.1f}z" for left, right in boxes)
