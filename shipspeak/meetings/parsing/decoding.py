"""Bytes to text, whatever wrote them; and a clear word for what is no text at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from shipspeak.meetings.parsing.model import Unreadable

ACCEPTED = "Transcripts are accepted as WebVTT (.vtt), SubRip (.srt) or plain text with “Name: words” lines."

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"ID3", "an MP3 recording"),
    (b"\xff\xfb", "an MP3 recording"),
    (b"RIFF", "a recording"),
    (b"OggS", "a recording"),
    (b"fLaC", "a recording"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x1f\x8b", "a compressed file"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
)
_BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BREAKS = ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x84\x86-\x9f\ufffd]")
MOST_CONTROLS = 0.02
"""The largest share of control and undecodable characters that a text may have."""
_IN_CP1252 = bytes(0x1A if byte in b"\x81\x8d\x8f\x90\x9d" else byte for byte in range(256))
"""Its five bytes without a meaning as the control character for a substitute. To have the decoder replace
each takes 100 ns, and holds up all threads."""
_AT_ONCE = 65_536
"""Characters that are gone through at once: what is found in them is bounded, and others get their turn."""


def decode(data: bytes, odd: Counter[str] | None = None) -> str:
    """``data`` as text with plain line breaks and without invisible characters.

    Byte order marks decide; without one UTF-8, then UTF-16 by its zero bytes, then Windows-1252.

    Args:
        data: the file's bytes, whole or its beginning.
        odd: counts what had to be guessed or was lost.

    Raises:
        Unreadable: for what is no text; the message names the kind of file when it is known.
    """
    odd = Counter() if odd is None else odd
    _refuse_known_binaries(data)
    text = _text(data, odd)
    if _is_mostly_controls(text):
        raise Unreadable(f"This file is not text. {ACCEPTED}")
    return clean(text)


def clean(text: str) -> str:
    """``text`` with plain line breaks, and without control, invisible and direction characters."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    for other in _BREAKS:
        text = text.replace(other, "\n")
    return "".join(_INVISIBLE.sub("", part) for part in parts(text))


def parts(text: str) -> Iterator[str]:
    """``text`` in parts that are no work for long."""
    return (text[start : start + _AT_ONCE] for start in range(0, len(text), _AT_ONCE))


def _is_mostly_controls(text: str) -> bool:
    most = MOST_CONTROLS * len(text)
    return any(count > most for count in accumulate(len(_CONTROLS.findall(part)) for part in parts(text)))


def _refuse_known_binaries(data: bytes) -> None:
    known = next((name for magic, name in _MAGIC if data.startswith(magic) and _not_words(data)), None)
    known = known or ("a video or a recording" if data[4:8] == b"ftyp" else None)
    if known:
        raise Unreadable(f"This file is {known}, whatever its name says. {ACCEPTED}")


def _not_words(data: bytes) -> bool:
    """Whether a beginning that looks like a binary's is not simply a word such as “MZ” or “ID3”."""
    return data.startswith((b"%PDF", b"{\\rtf")) or any(byte < 9 or byte > 126 for byte in data[:512])


def _text(data: bytes, odd: Counter[str]) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], encoding, odd)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(data, odd)
    wide = _zero_bytes(data)
    return _lenient(data, wide, odd) if wide else text


def _not_utf8(data: bytes, odd: Counter[str]) -> str:
    wide = _zero_bytes(data)
    if wide:
        return _lenient(data, wide, odd)
    text = data.decode("utf-8", "replace")
    lost = text.count("�")
    if lost * 4 <= sum(character > "\x7f" for character in text):
        odd["characters"] += lost
        return text
    odd["encoding"] += 1
    return data.translate(_IN_CP1252).decode("cp1252")


def _zero_bytes(data: bytes) -> str | None:
    """The UTF-16 order that the zero bytes of ASCII letters betray, if any."""
    head = data[:4096]
    half = len(head) // 2
    if half < 2:
        return None
    low, high = head[0::2].count(0), head[1::2].count(0)
    if high > 0.4 * half and low < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if low > 0.4 * half and high < 0.05 * half else None


def _lenient(data: bytes, encoding: str, odd: Counter[str]) -> str:
    text = data.decode(encoding, "replace")
    odd["characters"] += text.count("�")
    return text
