"""Words: what is spoken in a turn, counted the same way everywhere."""

from __future__ import annotations

import re

NOISES = "laugh|applau|inaudib|crosstalk|pause|cough|music|silen|sigh|unintellig|indistinct|overlap|chuckl"
"""How transcribers' words for noises begin."""
ANNOTATION = re.compile(
    rf"\{{[^{{}}]{{1,60}}\}}|\[[^\[\]]{{1,40}}\]|\((?:{NOISES})[^()]{{0,40}}\)|</?\w[^<>]{{0,38}}>|[♪♫]+",
    re.IGNORECASE,
)
"""What transcribers note beside the words: ``{vocalsound}``, ``[laughter]``, ``(inaudible)``."""

UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of writing systems that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han."""

_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(rf"[^\W_][\w{_MARKS}]*(?:(?:['’-]|[.,](?=\d))[^\W_][\w{_MARKS}]*)*")
_SPLIT_CLITIC = re.compile(r"\s+(?=(?:['’](?:s|re|ve|ll|d|m|t)|n['’]t)\b)", re.IGNORECASE)
_LOOSE_MARK = re.compile(r"\s+([.,!?;:…])")
_SPACES = re.compile(r"\s+")


def spoken(text: str) -> str:
    """``text`` without annotations, and with “it 's” as “it's” (some corpora split words so)."""
    return _SPLIT_CLITIC.sub("", ANNOTATION.sub(" ", text))


def tokens(text: str) -> list[str]:
    """The words of ``text`` as written. Of writing without spaces, each letter counts as one."""
    said = spoken(text)
    if UNSPACED.search(said):
        said = UNSPACED.sub(r" \g<0> ", said)
    return _WORD.findall(said)


def count(text: str) -> int:
    """How many words ``text`` has."""
    return len(tokens(text))


def has_speech(text: str) -> bool:
    """Whether there is at least one word in ``text`` besides annotations."""
    return _WORD.search(spoken(text)) is not None


def stem(word: str) -> str:
    """The singular of a lower-case English word by the S-stemmer (Harman 1991, “How effective is
    suffixing?”); other words nearly always stay as they are."""
    if word.endswith("ies") and not word.endswith(("eies", "aies")) and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")) and len(word) > 4:
        return word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss", "is")) and len(word) > 3:
        return word[:-1]
    return word


def terms(text: str, stop: frozenset[str]) -> list[str]:
    """The content terms of ``text``: stemmed words without stop words; bigrams where nothing is spaced."""
    if UNSPACED.search(text):
        letters = "".join(UNSPACED.findall(spoken(text)))
        return [letters[place : place + 2] for place in range(len(letters) - 1)]
    lowered = (word.lower().replace("’", "'").removesuffix("'s") for word in tokens(text))
    return [stem(word) for word in lowered if len(word) > 2 and word not in stop and not word.isdigit()]


def readable(text: str) -> str:
    """``text`` as one would write it: annotations gone, marks joined to their words, spaces single."""
    return _LOOSE_MARK.sub(r"\1", _SPACES.sub(" ", spoken(text))).strip()
