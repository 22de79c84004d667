"""English word lists behind the numbers of delivery. For other languages these numbers are absent."""

from __future__ import annotations

import re
from collections import Counter

FILLERS = (
    "um", "umm", "uh", "uhm", "er", "erm", "hmm", "hm", "you know", "i mean", "basically", "literally",
)  # fmt: skip
"""Words that fill time. “Like” and “so” are left out: without a parser most hits would be wrong."""

HEDGES = (
    "maybe", "perhaps", "possibly", "probably", "presumably", "i think", "i guess", "i suppose", "i believe",
    "i feel like", "kind of", "kinda", "sort of", "sorta", "somewhat", "not sure", "not certain", "it seems",
    "seems like", "might", "could be", "may be", "hopefully", "more or less", "i don't know", "a little bit",
    "or something", "or whatever", "we'll see",
)  # fmt: skip
"""Words that soften what is said (after Hyland 1998, “Hedging in Scientific Research Articles”, and
spoken forms)."""


def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    choices = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest_first)
    return re.compile(rf"(?<![\w'-])(?:{choices})(?![\w'-])", re.IGNORECASE)


_FILLERS = _pattern(FILLERS)
_HEDGES = _pattern(HEDGES)


def fillers(said: str) -> Counter[str]:
    """How often each filler is in ``said`` (speech without annotations)."""
    return Counter(" ".join(found.lower().split()) for found in _FILLERS.findall(said.replace("’", "'")))


def hedges(said: str) -> Counter[str]:
    """How often each hedge is in ``said``."""
    return Counter(" ".join(found.lower().split()) for found in _HEDGES.findall(said.replace("’", "'")))
