"""What a file is, by what is in it. Its name decides nothing."""

from __future__ import annotations

import re

from shipspeak.meetings.parsing import captions
from shipspeak.meetings.parsing.decoding import decode
from shipspeak.meetings.parsing.model import Unreadable

VTT = "text/vtt"
SRT = "application/x-subrip"
TEXT = "text/plain"
FORMATS = {VTT: "vtt", SRT: "srt", TEXT: "text"}

_STRUCTURED = re.compile(r"\s*(?:[\[{]\s*[\"{\[]|<(?:!doctype|html|\?xml|head|body|svg)\b)", re.IGNORECASE)
_NUMBERED = re.compile(r"^[ \t]*\d+[ \t]*\n[ \t]*\d+:\d+", re.MULTILINE)
HEAD = 65_536


def sniff(data: bytes) -> str | None:
    """The media type of a transcript from the bytes it begins with, or None when it is none.

    Args:
        data: the whole file, or at least its first 64 KB; it may be cut inside a character.
    """
    try:
        text = decode(data[:HEAD])
    except Unreadable:
        return None
    return sniff_text(text)


def sniff_text(text: str) -> str | None:
    """The same for text; None for an empty one, for JSON, HTML and XML."""
    text = text.strip()
    if not text or _STRUCTURED.match(text):
        return None
    if text.startswith("WEBVTT"):
        return VTT
    timing = next(filter(None, map(captions.TIMING.match, text.split("\n"))), None)
    if not timing:
        return TEXT
    return SRT if "," in timing[0] or _NUMBERED.search(text) else VTT
