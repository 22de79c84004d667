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
from shipspeak.meetings.languages import stop_words
from shipspeak.meetings.offline.vectors import Matrix, likeness, tfidf

FEWEST_WORDS = 8
MOST_WORDS = 45
MOST_CANDIDATES = 800
"""Sentences that are compared with each other: the square of this is the work."""
DAMPING = 0.85
RELEVANCE = 0.6
"""MMR's λ: how much relevance counts against novelty."""


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
    return [_found(candidates[place], corpus) for place in ordered]


def how_many(size: int) -> int:
    """Sentences of a summary: four, and one more for each two thousand words, at most twelve."""
    return min(12, 4 + size // 2000)


def _candidates(corpus: Corpus, groups: Sequence[Sequence[Sentence]]) -> list[_Candidate]:
    """Whole sentences of a good length; of too many, those with most terms in each topic's share."""
    total = max(1, sum(len(group) for group in groups))
    found: list[_Candidate] = []
    for topic, group in enumerate(groups):
        fitting = [
            one for one in group if FEWEST_WORDS <= one.words <= MOST_WORDS and len(set(one.terms)) >= 3
        ]
        room = max(10, MOST_CANDIDATES * len(group) // total)
        richest = sorted(fitting, key=lambda one: -len(set(one.terms)))[:room]
        kept = sorted(richest, key=lambda one: (one.turn, one.start))
        found += [_Candidate(one, topic, readable(one.text), one.terms) for one in kept]
    return found


def _worth(candidates: Sequence[_Candidate], alike: Matrix, wanted: set[str], corpus: Corpus) -> Matrix:
    """Centrality, raised for sentences that announce what matters and for the focus, lowered for
    questions and hesitation."""
    import numpy as np

    central = _lexrank(alike)
    factors = []
    for one in candidates:
        factor = 1.0
        if corpus.is_english:
            said = cues.straight(one.sentence.text)
            factor *= 1.25 if cues.SUMMING_UP.search(said) or cues.DECISION.search(said) else 1.0
            factor *= 1 - min(0.4, 3 * lexicon.fillers(said).total() / one.sentence.words)
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
    """Topic after topic, the sentence with the best balance of worth and novelty."""
    chosen: list[int] = []
    for topic, quota in enumerate(quotas):
        places = [place for place, one in enumerate(candidates) if one.topic == topic]
        for _ in range(min(quota, len(places))):
            best = max(places, key=lambda place: _marginal(place, chosen, worth, alike))
            chosen.append(best)
            places.remove(best)
    return chosen


def _marginal(place: int, chosen: Sequence[int], worth: Matrix, alike: Matrix) -> float:
    known = max((float(alike[place, other]) for other in chosen), default=0.0)
    return RELEVANCE * float(worth[place]) - (1 - RELEVANCE) * known


def _beginning(corpus: Corpus) -> list[SummaryFound]:
    """The first sentences, where none is long enough to be compared."""
    return [SummaryFound(text=readable(one.text), turns=[one.turn]) for one in corpus.sentences[:3]]


def _found(one: _Candidate, corpus: Corpus) -> SummaryFound:
    speaker = corpus.turns[one.sentence.turn].speaker
    text = f"{speaker}: {one.text}" if speaker else one.text
    return SummaryFound(text=text, turns=[one.sentence.turn])


_OPENING = re.compile(
    r"^(?:(?:okay|ok|so|well|yeah|yes|right|and|but|now|also|then|alright|um+|uh+|uhm|er+|mm+-hmm|hmm|oh|no)\b[\s,.]*)+",
    re.IGNORECASE,
)
_FILLER = re.compile(r"(?:,\s*)?\b(?:um+|uh+|uhm|erm?|hmm)\b(?:\s*,)?\s*", re.IGNORECASE)
_STUTTER = re.compile(r"\b(\w+(?:\s+\w+){0,2})(?:(?:\s*,)?\s+\1\b)+", re.IGNORECASE)


def readable(text: str) -> str:
    """A spoken sentence as one would write it: no noises, no fillers, no stutter, a capital at the start."""
    said = _STUTTER.sub(r"\1", _FILLER.sub(" ", words.readable(text)))
    bare = words.readable(_OPENING.sub("", said.strip(" ,-–")))
    bare = bare if words.count(bare) >= 3 else words.readable(said)
    return bare[:1].upper() + bare[1:]
