"""WebVTT, by webvtt-py where the file keeps to the rules."""

from __future__ import annotations

from collections import Counter

from shipspeak.meetings.parsing import captions, times
from shipspeak.meetings.parsing.captions import Cue
from shipspeak.meetings.parsing.model import Reading


def read(text: str, odd: Counter[str]) -> Reading:
    """The utterances of a WebVTT file, well-formed or not."""
    lines = text.split("\n")
    filled = sum(bool(line.strip()) for line in lines)
    cues = _by_library(text, odd)
    if cues is not None and len(cues) == captions.count_timings(lines):
        outside = captions.count_outside(lines)
        odd["lines"] += outside
        return captions.reading(cues, filled, filled - outside, odd)
    odd["rules"] += 1
    odd["times"] = 0
    cues, understood = captions.read_tolerantly(lines, odd)
    return captions.reading(cues, filled, understood, odd)


def _by_library(text: str, odd: Counter[str]) -> list[Cue] | None:
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    try:
        found = webvtt.from_string(text)
    except (MalformedFileError, MalformedCaptionError):
        return None
    cues = []
    for caption in found.captions:
        start = times.seconds(caption.start) or 0.0
        end = captions.checked_end(start, times.seconds(caption.end), odd)
        cues.append(Cue(start, end, caption.raw_text))
    return cues
