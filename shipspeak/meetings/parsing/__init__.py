"""Reading transcripts: WebVTT, SubRip and plain text, however messy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from shipspeak.meetings.parsing import srt, text, turns, vtt
from shipspeak.meetings.parsing.decoding import ACCEPTED, clean, decode
from shipspeak.meetings.parsing.model import (
    Problem,
    Reading,
    Transcript,
    Turn,
    Unreadable,
    Utterance,
    numbered,
    problems,
)
from shipspeak.meetings.parsing.names import united
from shipspeak.meetings.parsing.sniff import FORMATS, TEXT, sniff_text

__all__ = ["ACCEPTED", "Problem", "Transcript", "Turn", "Unreadable", "read", "read_text"]

_READERS = {"vtt": vtt.read, "srt": srt.read, "text": text.read}


def read(data: bytes) -> Transcript:
    """The transcript in a file's bytes.

    Any text can be read, even one without a spoken word: it has no turns then, or turns without words.

    Raises:
        Unreadable: when the bytes are no text, or a text of another kind (HTML, JSON).
    """
    odd: Counter[str] = Counter()
    return _transcript(decode(data, odd), odd)


def read_text(written: str) -> Transcript:
    """The same for text that was pasted."""
    return _transcript(clean(written), Counter())


def _transcript(written: str, odd: Counter[str]) -> Transcript:
    media_type = sniff_text(written)
    if media_type is None and written.strip():
        raise Unreadable(f"This is not a transcript but HTML, XML or JSON. {ACCEPTED}")
    form = FORMATS[media_type or TEXT]
    reading = _READERS[form](written.strip("\n"), odd)
    found = numbered(_joined(replace(reading, utterances=united(reading.utterances))))
    odd["unnamed"] = sum(turn.speaker is None for turn in found)
    share = reading.understood / reading.lines if reading.lines else 0.0
    return Transcript(form, found, problems(odd), round(share, 4))


def _joined(reading: Reading) -> list[Utterance]:
    """Cues are put together to turns; lines of text that have no end time are turns already."""
    if all(one.end is None for one in reading.utterances):
        return reading.utterances
    return list(turns.joined(reading.utterances))
