"""An extractive summary: sentences that were said, chosen for what they cover and made readable.

Centrality by LexRank (Erkan and Radev 2004, JAIR 22), without redundancy by maximal marginal relevance
(Carbonell and Goldstein 1998, SIGIR), spread over the topics in proportion to their length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shipspeak.meetings import cues, lexicon, words
from shipspeak.meetings.answers import SummaryFound
from shipspeak.meetings.corpus import Corpus, Sentence
from shipspeak.meetings.languages import ENGLISH, stop_words
from shipspeak.meetings.offline.fluency import fluency, is_punctuated, is_whole
from shipspeak.meetings.offline.vectors import Matrix, likeness, tfidf

FEWEST_WORDS = 8
MOST_WORDS = 45
MOST_CANDIDATES = 800
"""Sentences that are compared with each other: the square of this is the work."""
DAMPING = 0.85
RELEVANCE = 0.6
"""MMR's λ: how much relevance counts against novelty."""
NEARLY_THE_SAME = 0.5
"""Cosine from which two sentences say the same; only one of them is taken."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    sentence: Sentence
    topic: int
    text: str
    terms: tuple[str, ...]


def summary(corpus: Corpus, groups: Sequence[Sequence[Sentence]], focus: str) -> list[SummaryFound]:
    """The sentences that say most of each topic, in the order of the meeting.

    Args:
        corpus: the meeting.
        groups: its sentences by topic.
        focus: a subject to favour; "" for none.
    """
    candidates = _candidates(corpus, groups)
    vectors = tfidf([one.terms for one in candidates])
    if vectors is None:
        return _beginning(corpus)
    alike = likeness(vectors)
    worth = _worth(candidates, alike, set(words.terms(focus, stop_words(corpus.language))), corpus)
    wanted = how_many(sum(sentence.words for sentence in corpus.sentences))
    chosen = _choose(candidates, worth, alike, _quotas(groups, wanted))
    ordered = sorted(
        chosen, key=lambda place: (candidates[place].sentence.turn, candidates[place].sentence.start)
    )
    return [_found(candidates[place].text, candidates[place].sentence.turn, corpus) for place in ordered]


def how_many(size: int) -> int:
    """Sentences of a summary: four, and one more for each two thousand words, at most twelve."""
    return min(12, 4 + size // 2000)


def _candidates(corpus: Corpus, groups: Sequence[Sequence[Sentence]]) -> list[_Candidate]:
    """Whole sentences of a good length; of too many, those with most terms in each topic's share."""
    total = max(1, sum(len(group) for group in groups))
    punctuated = is_punctuated(corpus.sentences)
    found: list[_Candidate] = []
    for topic, group in enumerate(groups):
        fitting = [
            _Candidate(one, topic, readable(one.text, corpus.language), one.terms)
            for one in group
            if FEWEST_WORDS <= one.words <= MOST_WORDS and len(set(one.terms)) >= 3
        ]
        whole = [
            one
            for one in fitting
            if words.count(one.text) >= FEWEST_WORDS - 2
            and is_whole(one.text, punctuated=punctuated, english=corpus.is_english)
        ]
        room = max(10, MOST_CANDIDATES * len(group) // total)
        richest = sorted(whole, key=lambda one: -len(set(one.terms)))[:room]
        found += sorted(richest, key=lambda one: (one.sentence.turn, one.sentence.start))
    return found


def _worth(candidates: Sequence[_Candidate], alike: Matrix, wanted: set[str], corpus: Corpus) -> Matrix:
    """Centrality, raised for sentences that announce what matters and for the focus, lowered for
    questions, hesitation and what does not read well alone."""
    import numpy as np

    central = _lexrank(alike)
    factors = []
    for one in candidates:
        factor = 1.0
        if corpus.is_english:
            said = cues.straight(one.sentence.text)
            factor *= 1.25 if cues.SUMMING_UP.search(said) or cues.DECISION.search(said) else 1.0
            factor *= 1 - min(0.4, 3 * lexicon.fillers(said).total() / one.sentence.words)
            factor *= fluency(one.text)
        factor *= 0.7 if one.text.endswith("?") else 1.0
        factor *= 1 + 2 * len(wanted & set(one.terms)) / len(wanted) if wanted else 1.0
        factors.append(factor)
    return central / (central.max() or 1.0) * np.array(factors)


def _lexrank(alike: Matrix) -> Matrix:
    """The stationary distribution of a walk from sentence to alike sentence, by power iteration."""
    import numpy as np

    size = alike.shape[0]
    steps = alike / np.maximum(alike.sum(axis=1, keepdims=True), 1e-12)
    rank = np.full(size, 1 / size)
    for _ in range(100):
        following = (1 - DAMPING) / size + DAMPING * (steps.T @ rank)
        if float(abs(following - rank).sum()) < 1e-6:
            return following
        rank = following
    return rank


def _quotas(groups: Sequence[Sequence[Sentence]], wanted: int) -> list[int]:
    """How many sentences each topic gets: one, and the rest by length (largest remainders)."""
    sizes = [sum(sentence.words for sentence in group) for group in groups]
    total = max(1, sum(sizes))
    rest = max(0, wanted - len(groups))
    exact = [rest * size / total for size in sizes]
    quotas = [1 + int(share) for share in exact]
    by_remainder = sorted(range(len(groups)), key=lambda place: int(exact[place]) - exact[place])
    for place in by_remainder[: rest - sum(map(int, exact))]:
        quotas[place] += 1
    return quotas


def _choose(
    candidates: Sequence[_Candidate], worth: Matrix, alike: Matrix, quotas: Sequence[int]
) -> list[int]:
    """Topic after topic, the sentence with the best balance of worth and novelty; none says what another
    said already."""
    chosen: list[int] = []
    for topic, quota in enumerate(quotas):
        places = [place for place, one in enumerate(candidates) if one.topic == topic]
        for _ in range(quota):
            places = [place for place in places if _known(place, chosen, alike) < NEARLY_THE_SAME]
            if not places:
                break
            chosen.append(max(places, key=lambda place: _marginal(place, chosen, worth, alike)))
    return chosen


def _marginal(place: int, chosen: Sequence[int], worth: Matrix, alike: Matrix) -> float:
    return RELEVANCE * float(worth[place]) - (1 - RELEVANCE) * _known(place, chosen, alike)


def _known(place: int, chosen: Sequence[int], alike: Matrix) -> float:
    """How much of a sentence the chosen ones say already, 0..1."""
    return max((float(alike[place, other]) for other in chosen), default=0.0)


def _beginning(corpus: Corpus) -> list[SummaryFound]:
    """The first sentences, where none is long and whole enough to be compared."""
    return [_found(readable(one.text, corpus.language), one.turn, corpus) for one in corpus.sentences[:3]]


def _found(text: str, turn: int, corpus: Corpus) -> SummaryFound:
    return SummaryFound(text=text, turns=[turn], speaker=corpus.turns[turn].speaker)


_OPENING = re.compile(
    r"^(?:(?:okay|ok|so|well|yeah|yes|right|and|but|now|also|then|alright|um+|uh+|uhm|er+|mm+-hmm|hmm|oh|no)\b[\s,.]*)+",
    re.IGNORECASE,
)
_FILLER = re.compile(r"(?:,\s*)?\b(?:um+|uh+|uhm|erm?|hmm)\b(?:\s*,)?\s*", re.IGNORECASE)
_FALSE_START = re.compile(
    r"(?<![\w'’])(?!(?:a|i|o|am|an|as|at|be|by|do|go|he|hi|if|in|is|it|me|my|no|of|on|or|so|to|up|us|we)\b)"
    r"([a-z]{1,2})(?:\s+\1)*\s+(?=\1[a-z])|(?<![\w'’])([a-z]{1,5})-{1,2},?\s+(?=\2)"
    r"|(?<![\w'’])(\w+)\s+(?=\3['’])|(?<![\w'’])(\w+ [a-z]{2,})\s+(?=\4[a-z])"
    r"|(?<![\w'’])(?:a (?=a[a-z])|(?-i:i) (?=i[a-z']))",
    re.IGNORECASE,
)
"""A word that breaks off and is said again in full: “w we”, “th- there”, “a about”."""
_STUTTER = re.compile(r"(?<![\w'’])([\w'’]+(?:\s+[\w'’]+){0,2})(?:(?:\s*,)?\s+\1(?![\w'’]))+", re.IGNORECASE)


def readable(text: str, language: str = ENGLISH) -> str:
    """A spoken sentence as one would write it: no noises, no fillers, no stutter, a capital at the start.

    Words that break off are known in English only; in other languages they may be whole words.
    """
    said = _FILLER.sub(" ", words.readable(text))
    said = _STUTTER.sub(r"\1", _FALSE_START.sub("", said) if language == ENGLISH else said)
    bare = words.readable(_OPENING.sub("", said.strip(" ,-–")))
    bare = bare if words.count(bare) >= 3 else words.readable(said)
    return bare[:1].upper() + bare[1:]
