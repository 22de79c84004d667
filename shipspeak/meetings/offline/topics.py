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
PHRASES = 2
"""Phrases in a title."""
OFTEN = 2
"""How often a phrase must be said in its stretch to be more than words that happen to stand together."""
OFTEN_ALONE = 3
"""The same for a single word."""
_VAGUE_TEXT = """
area bit case change close course day deal end example fact first form front game guess hand hour idea issue
item job kind level line look lot make man matter meeting minute moment month morning name number one order
part people person place point problem question reason rest right room second set side sort start step stuff
team term thing think third time today top type use way week word work year yeah hundred thousand million
billion twenty thirty forty fifty sixty seventy eighty ninety eleven twelve thirteen fourteen fifteen member
honourable participant gonna wanna dunno okay talk slide presentation
"""
_VAGUE = frozenset(_VAGUE_TEXT.split())
"""Words that name no topic alone, as stems."""
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
    return merged(found)


def merged(topics: Sequence[TopicFound]) -> list[TopicFound]:
    """The topics, neighbours with the same title being one."""
    found: list[TopicFound] = []
    for topic in topics:
        if found and topic.title and found[-1].title.casefold() == topic.title.casefold():
            found[-1] = found[-1].model_copy(update={"end_turn": max(found[-1].end_turn, topic.end_turn)})
        else:
            found.append(topic)
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
    """The phrases that set a stretch apart, the best first, no two with a term in common.

    Those that people said often; where there are none, those that they said at all.
    """
    every = list(dict.fromkeys(part for phrase in candidates for part in _parts(phrase)))
    often = [phrase for phrase in every if naming.is_said_often(phrase, number)]
    chosen: list[str] = []
    used: set[str] = set()
    for phrase in sorted(often or candidates, key=lambda phrase: -naming.worth(phrase, number)):
        terms = naming.terms(phrase)
        if naming.worth(phrase, number) > 0 and not used & set(terms):
            chosen.append(naming.written(phrase, number))
            used.update(terms)
        if len(chosen) == PHRASES:
            break
    title = ", ".join(chosen) or f"Part {number + 1}"
    return title[0].upper() + title[1:]


def _parts(phrase: str) -> list[str]:
    """The phrase and every shorter one in it."""
    said = phrase.split()
    sizes = range(len(said), 0, -1)
    return [" ".join(said[at : at + size]) for size in sizes for at in range(len(said) - size + 1)]


def _said(group: Sequence[Sentence]) -> dict[str, Counter[str]]:
    """How often each phrase of up to three words is said, by its words in lower case, as it is written."""
    found: dict[str, Counter[str]] = {}
    for sentence in group:
        tokens = words.tokens(sentence.text)
        for size in (1, 2, 3):
            for at in range(len(tokens) - size + 1):
                written = " ".join(tokens[at : at + size])
                found.setdefault(written.lower(), Counter())[written] += 1
    return found


@dataclass(frozen=True, slots=True)
class _Naming:
    """Which phrases set a stretch apart from the others.

    A term is worth its frequency in the stretch × log(1 + words of a stretch / its count anywhere): the
    class-based TF-IDF of Grootendorst 2022, “BERTopic”. A phrase is worth the mean of its terms, and half
    as much again for each term beyond the first. Names of those present say who, not what.
    """

    counts: tuple[Counter[str], ...]
    totals: Counter[str]
    said: tuple[dict[str, Counter[str]], ...]
    people: frozenset[str]
    stop: frozenset[str]

    @classmethod
    def of(cls, groups: Sequence[Sequence[Sentence]], corpus: Corpus) -> _Naming:
        counts = tuple(Counter(term for sentence in group for term in sentence.terms) for group in groups)
        stop = stop_words(corpus.language)
        people = {term for turn in corpus.turns for term in words.terms(turn.speaker or "", stop)}
        said = tuple(_said(group) for group in groups)
        return cls(counts, sum(counts, Counter()), said, frozenset(people), stop)

    def terms(self, phrase: str) -> list[str]:
        """The content terms of ``phrase``."""
        return words.terms(phrase, self.stop)

    def is_said_often(self, phrase: str, number: int) -> bool:
        """Whether people come back to ``phrase`` in the stretch."""
        count = self.said[number].get(phrase.lower(), Counter()).total()
        return count >= (OFTEN if " " in phrase else OFTEN_ALONE)

    def written(self, phrase: str, number: int) -> str:
        """``phrase`` as it is mostly written in the stretch; of equals in small letters."""
        forms = self.said[number].get(phrase.lower(), Counter())
        return max(forms, key=lambda form: (forms[form], form.islower()), default=phrase)

    def worth(self, phrase: str, number: int) -> float:
        """How well ``phrase`` names the stretch with this number; 0 for what names none."""
        terms = self.terms(phrase)
        if len(terms) < len(phrase.split()) or self.people & set(terms) or set(terms) <= _VAGUE:
            return 0.0
        here = self.counts[number]
        average = self.totals.total() / len(self.counts)
        each = [here[term] * math.log(1 + average / max(1, self.totals[term])) for term in terms]
        return sum(each) / len(each) * (1 + 0.5 * (len(terms) - 1))
