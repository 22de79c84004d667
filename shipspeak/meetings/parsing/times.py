"""Times as transcripts write them: ``1:02:03.500``, ``02:03,5``, ``0:03``."""

from __future__ import annotations

import re

PATTERN = r"(?:\d{1,3}:)?\d{1,3}:\d{1,2}(?:[.,:]\d{1,3})?(?!\d)"
_CAPTION = re.compile(r"(?:(\d+):)?(\d+):(\d+)(?:[.,](\d{1,3}))?", re.ASCII)
_FRAMES = re.compile(r"(\d+):(\d+):(\d+):(\d{1,3})", re.ASCII)


def seconds(written: str) -> float | None:
    """Seconds that ``written`` stands for, or None when it is no time."""
    frames = _FRAMES.fullmatch(written)
    if frames:
        hours, minutes, whole, _ = frames.groups()
        return int(hours) * 3600.0 + int(minutes) * 60 + int(whole)
    match = _CAPTION.fullmatch(written)
    if not match:
        return None
    hours, minutes, whole, fraction = match.groups()
    exact = int((fraction or "0").ljust(3, "0")) / 1000
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + exact
