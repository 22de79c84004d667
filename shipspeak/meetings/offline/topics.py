"""Topics: the stretches of a meeting, each named by the phrases that set it apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shipspeak.meetings import words
from shipspeak.meetings.answers import TopicFound
from shipspeak.meetings.corpus import Corpus, Report, Sentence
from shipspeak.meetings.languages import stop_words
from shipspeak.meetings.offline.phrases import key_phrases
from shipspeak.meetings.offline.segments import boundaries, stretches
from shipspeak.meetings.offline.vectors import tfidf
from shipspeak.meetings.passages import passages

BLOCKS = 100
"""Into how many pieces a meeting is cut at most before stretches are looked for."""
SHORTEST = 0.05
"""Share of the meeting that a topic has at least."""
PHRASES = 3
"""Phrases in a title."""
FEWEST_WORDS = 150
"""A meeting with fewer words is one topic."""


def named(groups: Sequence[Sequence[Sentence]], corpus: Corpus, report: Report) -> list[TopicFound]:
    """The stretches of `segmented` with their titles."""
    naming = _Naming.of(groups, corpus)
    found = []
    for number, group in enumerate(groups):
        report(0.1 + 0.6 * number / len(groups), f"Naming topic {number + 1} of {len(groups)}")
        candidates = key_phrases([sentence.text for sentence in group], corpus.language)
        title = _title(candidates, number, naming)
        found.append(TopicFound(title=title, start_turn=group[0].turn, end_turn=group[-1].turn))
    return found


def segmented(corpus: Corpus) -> list[list[Sentence]]:
    """The meeting's sentences in stretches about one thing; none when nobody speaks."""
    every = passages(corpus)
    size = sum(passage.words for passage in every)
    each = max(1, math.ceil(len(every) / BLOCKS))
    blocks = [every[place : place + each] for place in range(0, len(every), each)]
    terms = [
        [term for passage in block for sentence in passage.sentences for term in sentence.terms]
        for block in blocks
    ]
    vectors = tfidf(terms)
    if vectors is None or size < FEWEST_WORDS:
        return [list(corpus.sentences)] if corpus.sentences else []
    starts = boundaries(vectors, how_many(size), max(1, round(SHORTEST * len(blocks))))
    return [
        [sentence for block in blocks[begin:end] for passage in block for sentence in passage.sentences]
        for begin, end in stretches(starts, len(blocks))
    ]


def how_many(size: int) -> int:
    """How many topics a meeting of ``size`` words gets: three for a thousand, one more for each fourfold.

    People who summarised meetings saw three to six in meetings of one to twenty thousand words.
    """
    return max(1, round(3 + math.log(max(size, 1) / 1000, 4)))


def _title(candidates: Sequence[str], number: int, naming: _Naming) -> str:
    """The phrases that set a stretch apart, the best first, no two with a term in common."""
    chosen: list[str] = []
    used: set[str] = set()
    for phrase in sorted(candidates, key=lambda phrase: -naming.worth(phrase, number)):
        terms = naming.terms(phrase)
        if naming.worth(phrase, number) > 0 and not used & set(terms):
            chosen.append(phrase)
            used.update(terms)
        if len(chosen) == PHRASES:
            break
    title = _listed(chosen) or f"Part {number + 1}"
    return title[0].upper() + title[1:]


def _listed(phrases: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(phrases[:-1]), *phrases[-1:]]))


@dataclass(frozen=True, slots=True)
class _Naming:
    """Which phrases set a stretch apart from the others.

    A term is worth its frequency in the stretch × log(1 + words of a stretch / its count anywhere): the
    class-based TF-IDF of Grootendorst 2022, “BERTopic”. A phrase is worth the mean of its terms, and half
    as much again for each term beyond the first. Names of those present say who, not what.
    """

    counts: tuple[Counter[str], ...]
    totals: Counter[str]
    people: frozenset[str]
    stop: frozenset[str]

    @classmethod
    def of(cls, groups: Sequence[Sequence[Sentence]], corpus: Corpus) -> _Naming:
        counts = tuple(Counter(term for sentence in group for term in sentence.terms) for group in groups)
        stop = stop_words(corpus.language)
        people = {term for turn in corpus.turns for term in words.terms(turn.speaker or "", stop)}
        return cls(counts, sum(counts, Counter()), frozenset(people), stop)

    def terms(self, phrase: str) -> list[str]:
        """The content terms of ``phrase``."""
        return words.terms(phrase, self.stop)

    def worth(self, phrase: str, number: int) -> float:
        """How well ``phrase`` names the stretch with this number; 0 for what names none."""
        terms = self.terms(phrase)
        if not terms or self.people & set(terms):
            return 0.0
        here = self.counts[number]
        average = self.totals.total() / len(self.counts)
        each = [here[term] * math.log(1 + average / max(1, self.totals[term])) for term in terms]
        return sum(each) / len(each) * (1 + 0.5 * (len(terms) - 1))
