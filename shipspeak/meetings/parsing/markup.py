"""Caption markup: voices, styling tags, entities."""

from __future__ import annotations

import html
import re

from shipspeak.meetings.parsing.decoding import clean

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]*)>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|lang|ruby|rt|font|span|em|strong|p|br)(?:[.\s/][^<>]*)?/?>|<\d[\d:.]*>|\{\\[^{}]*\}",
    re.IGNORECASE,
)

_NO_CHARACTER = re.compile(r"&(?=#(?:\d{8}|x[0-9a-f]{7}))", re.IGNORECASE)
"""A number too large for a character; of thousands of digits, Python refuses to read one."""


def voices(raw: str) -> list[tuple[str | None, str]]:
    """``raw`` cue text cut at its ``<v Name>`` tags: pairs of name (None before the first) and text."""
    parts = _VOICE.split(raw)
    pairs: list[tuple[str | None, str]] = [(None, parts[0])]
    pairs += [(plain(name) or None, text) for name, text in zip(parts[1::2], parts[2::2], strict=True)]
    return [(name, plain(text)) for name, text in pairs if plain(text)]


def plain(raw: str) -> str:
    """``raw`` without tags, its entities decoded, its line breaks kept, other space made single,
    characters that can't be seen left out."""
    text = clean(html.unescape(_NO_CHARACTER.sub("&amp;", _TAG.sub("", raw))))
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
