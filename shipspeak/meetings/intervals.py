"""Stretches of time: unions, silences, overlaps. Seconds everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shipspeak.meetings import words
from shipspeak.meetings.parsing import Turn

Interval = tuple[float, float]
CUT_IN_SECONDS = 0.25
"""A turn that begins this much before another one ends cuts in; less is how people take turns."""
CUT_IN_WORDS = 3
"""Fewer words spoken over another's are a sign of listening (“mm-hmm”, “yeah right”)."""


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Speech over speech: how often each speaker cut in, and seconds of it; whether there is any."""

    cut_in: Counter[str | None]
    seconds: float

    @property
    def shown(self) -> bool:
        """Whether turns overlap anywhere; where none does, the tool that wrote the file may not say."""
        return self.seconds > 0


def timed(turns: Iterable[Turn]) -> list[Interval]:
    """Begin and end of those turns that have both."""
    return [(turn.start, turn.end) for turn in turns if turn.start is not None and turn.end is not None]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretches, sorted, those that touch or overlap made one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def length(intervals: Iterable[Interval]) -> float:
    """Seconds of stretches that do not overlap."""
    return sum(end - start for start, end in intervals)


def silences(intervals: Iterable[Interval]) -> list[float]:
    """Seconds of each gap between stretches of speech."""
    merged = union(intervals)
    return [later[0] - one[1] for one, later in pairwise(merged)]


def overlaps(turns: Sequence[Turn]) -> Overlaps:
    """Who spoke while another held the floor: the one whose turn, of those begun, ends last."""
    cut_in: Counter[str | None] = Counter()
    seconds = 0.0
    floor: Turn | None = None
    until = 0.0
    for turn in sorted(turns, key=lambda turn: (turn.start or 0.0, turn.index)):
        if turn.start is None or turn.end is None:
            continue
        if floor and turn.speaker != floor.speaker and turn.start < until:
            seconds += min(turn.end, until) - turn.start
            if until - turn.start > CUT_IN_SECONDS and words.count(turn.text) >= CUT_IN_WORDS:
                cut_in[turn.speaker] += 1
        if floor is None or turn.end > until:
            floor, until = turn, turn.end
    return Overlaps(cut_in, seconds)
