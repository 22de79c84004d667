"""Key phrases of a stretch of speech, by yake (Campos et al. 2020, Information Sciences 509)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from shipspeak.meetings import words
from shipspeak.meetings.languages import stop_words

MOST_CHARACTERS = 20_000
"""Text handed to yake at once; its time grows faster than the text."""


def key_phrases(sentences: Sequence[str], language: str, most: int = 40) -> list[str]:
    """Phrases of up to three words, the best first.

    Nothing for languages that put no spaces between words: yake can't cut them.
    """
    text = " ".join(words.readable(sentence) for sentence in _spread(sentences))
    if not text or words.UNSPACED.search(text):
        return []
    extractor = _yake().KeywordExtractor(lan=language, n=3, dedupLim=0.8, top=most * 3)
    stop = stop_words(language)
    found = [phrase for phrase, _ in extractor.extract_keywords(text)]
    return [phrase for phrase in found if _says_something(phrase, stop)][:most]


def _spread(sentences: Sequence[str]) -> list[str]:
    step = max(1, -(-sum(map(len, sentences)) // MOST_CHARACTERS))
    return list(sentences[::step])


def _says_something(phrase: str, stop: frozenset[str]) -> bool:
    parts = [part.lower().replace("’", "'") for part in phrase.split()]
    return "-" not in parts[0][:4] and all(
        len(part) > 2 and part.removesuffix("'s") not in stop for part in parts
    )


@functools.cache
def _yake() -> Any:
    import yake  # type: ignore[import-untyped]

    return yake
