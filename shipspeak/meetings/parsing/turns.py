"""From utterances to turns: captions cut speech to the width of a screen; this puts it together again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from shipspeak.meetings.parsing.model import Utterance

LONGEST_PAUSE = 2.0
"""Seconds of silence within a turn; after a longer one the same speaker begins a new turn."""
ENOUGH_CHARACTERS = 400
"""A turn as long as this ends with its next sentence, so that links lead close to the words."""

_ENDS_SENTENCE = re.compile(r"[.!?…。！？][\"'”»)\]]*$")


def joined(utterances: Iterable[Utterance]) -> Iterator[Utterance]:
    """Consecutive utterances of one speaker as one, up to a pause or a good length."""
    current: Utterance | None = None
    parts: list[str] = []
    for one in utterances:
        if current and _goes_on(current, one, sum(map(len, parts)), parts[-1]):
            current = replace(current, end=_later(current.end, one.end))
            parts.append(one.text)
            continue
        if current:
            yield replace(current, text=" ".join(parts))
        current, parts = one, [one.text]
    if current:
        yield replace(current, text=" ".join(parts))


def _goes_on(current: Utterance, one: Utterance, length: int, last: str) -> bool:
    if one.speaker != current.speaker or current.end is None or one.start is None:
        return False
    if one.start - current.end > LONGEST_PAUSE:
        return False
    whole = _ENDS_SENTENCE.search(last.rstrip()) is not None
    if whole and (current.speaker is None or one.assumed != current.assumed):
        return False
    return length < ENOUGH_CHARACTERS or (not whole and length < 3 * ENOUGH_CHARACTERS)


def _later(end: float | None, other: float | None) -> float | None:
    return max(end, other) if end is not None and other is not None else None
