"""SubRip, by pysubs2 where the file keeps to the rules."""

from __future__ import annotations

import re
from collections import Counter

from shipspeak.meetings.parsing import captions
from shipspeak.meetings.parsing.captions import Cue
from shipspeak.meetings.parsing.model import Reading

_STRICT = re.compile(
    r"^\d{1,2}:\d{2}:\d{2},\d{3} --> \d{1,2}:\d{2}:\d{2},\d{3}[ \t]*$", re.ASCII | re.MULTILINE
)
_BLANKS = re.compile(r"\n{3,}")


def read(text: str, odd: Counter[str]) -> Reading:
    """The utterances of a SubRip file, well-formed or not."""
    lines = text.split("\n")
    filled = sum(bool(line.strip()) for line in lines)
    timings = captions.count_timings(lines)
    if timings and len(_STRICT.findall(text)) == timings:
        cues = _by_library(text, odd)
        if len(cues) == timings:
            outside = _count_before(lines)
            odd["lines"] += outside
            return captions.reading(cues, filled, filled - outside, odd)
        odd["times"] = 0
    odd["rules"] += 1
    cues, understood = captions.read_tolerantly(lines, odd)
    return captions.reading(cues, filled, understood, odd)


def _count_before(lines: list[str]) -> int:
    """How many lines stand before the first cue; those after it are taken for words of cues."""
    first = next(place for place, line in enumerate(lines) if captions.TIMING.match(line))
    filled = [line.strip() for line in lines[:first] if line.strip()]
    return len(filled) - (bool(filled) and filled[-1].isdecimal())


def _by_library(text: str, odd: Counter[str]) -> list[Cue]:
    import pysubs2

    text = _BLANKS.sub("\n\n", text)  # pysubs2 goes through each row of them once for every line of it
    found = pysubs2.SSAFile.from_string(text, format_="srt", keep_html_tags=True)
    cues = []
    for event in found:
        start = event.start / 1000
        end = captions.checked_end(start, event.end / 1000, odd)
        cues.append(Cue(start, end, event.text.replace("\\N", "\n")))
    return cues
