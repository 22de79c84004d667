"""Smart sampling: the passages that matter, under a token budget, with measured coverage.

The sample maximises a monotone submodular function by the lazy greedy algorithm with costs:

* Lin and Bilmes 2011, “A Class of Submodular Functions for Document Summarization” (ACL): coverage plus
  diversity as one submodular function; greedy by gain per cost.
* Kirchhoff and Bilmes 2014, “Submodularity for Data Selection” (EMNLP): sums of concave functions of
  feature weights, here the square root of how often a term has been taken.
* Minoux 1978, “Accelerated greedy algorithms”: gains only shrink, so stale ones wait in a heap.

Everything is deterministic; ties go to the earlier passage.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from shipspeak.meetings import cues
from shipspeak.meetings.corpus import Corpus, Report
from shipspeak.meetings.languages import stop_words
from shipspeak.meetings.passages import Passage, passages
from shipspeak.meetings.words import terms

SLICES = 20
"""Parts of equal length into which the meeting is cut, so that no part is forgotten."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each thing counts, as shares of the best coverage gain."""

    slices: float = 0.8
    cue: float = 0.15
    edge: float = 0.15
    focus: float = 2.0
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The chosen passages, in the order of the meeting.

    Args:
        chosen: the passages.
        of_passages: how many there were.
        tokens: what the chosen ones take, estimated.
        budget: what they might take.
        of_tokens: what all of them would take.
        coverage: weight of the content terms that they hold / weight of all content terms, 0..1.
    """

    chosen: tuple[Passage, ...]
    of_passages: int
    tokens: int
    budget: int
    of_tokens: int
    coverage: float

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return len(self.chosen) == self.of_passages


def sample(corpus: Corpus, budget: int, focus: str, report: Report, weights: Weights = Weights()) -> Sample:
    """The passages of ``corpus`` that together say most, in at most ``budget`` tokens."""
    every = passages(corpus)
    worth = term_weights(every)
    if sum(passage.tokens for passage in every) <= budget:
        return _sample(every, every, budget, worth)
    chooser = _Chooser(every, worth, _bonuses(every, corpus, focus, weights), weights)
    return _sample(chooser.choose(budget, report), every, budget, worth)


def term_weights(every: Sequence[Passage]) -> dict[str, float]:
    """The weight of each content term: (1 + log of its count) × log(passages / passages that hold it).

    Terms that occur once in a meeting are mostly slips and names in passing; they weigh a third.
    """
    counts: Counter[str] = Counter()
    holding: Counter[str] = Counter()
    for passage in every:
        found = Counter(term for sentence in passage.sentences for term in sentence.terms)
        counts.update(found)
        holding.update(found.keys())
    total = len(every) + 1
    return {
        term: (1 + math.log(count)) * math.log(total / holding[term]) * (1.0 if count > 1 else 1 / 3)
        for term, count in counts.items()
    }


def coverage(chosen: Sequence[Passage], worth: dict[str, float]) -> float:
    """Weight of the terms in ``chosen`` / weight of all terms; 1 when there are none."""
    held = {term for passage in chosen for sentence in passage.sentences for term in sentence.terms}
    total = sum(worth.values())
    return min(1.0, sum(worth[term] for term in held) / total) if total else 1.0


def _sample(
    chosen: Sequence[Passage], every: Sequence[Passage], budget: int, worth: dict[str, float]
) -> Sample:
    in_order = tuple(sorted(chosen, key=lambda passage: passage.number))
    cost = sum(passage.tokens for passage in in_order)
    whole = sum(passage.tokens for passage in every)
    return Sample(in_order, len(every), cost, budget, whole, round(coverage(in_order, worth), 4))


def _bonuses(every: Sequence[Passage], corpus: Corpus, focus: str, weights: Weights) -> list[float]:
    """What a passage is worth beside its terms: decisions and tasks, beginnings and ends, the focus."""
    wanted = set(terms(focus, stop_words(corpus.language)))
    named = " ".join(focus.lower().split())
    last = max(1, len(every) - 1)
    bonuses = []
    for passage in every:
        place = passage.number / last
        bonus = weights.edge * (place < 0.04 or place > 0.96)
        if corpus.is_english:
            bonus += weights.cue * min(2, sum(cues.matters(sentence.text) for sentence in passage.sentences))
        if named:
            bonus += weights.focus * _about(passage, wanted, named)
        bonuses.append(bonus)
    return bonuses


def _about(passage: Passage, wanted: set[str], named: str) -> float:
    """How much of the focus a passage holds: a share of its terms, or all when its speaker is meant."""
    if any(line.speaker and named in line.speaker.lower() for line in passage.lines):
        return 1.0
    held = {term for sentence in passage.sentences for term in sentence.terms}
    return len(wanted & held) / len(wanted) if wanted else 0.0


@dataclass(slots=True)
class _Chooser:
    """The lazy greedy algorithm."""

    every: Sequence[Passage]
    worth: dict[str, float]
    bonuses: Sequence[float]
    weights: Weights
    _found: list[Counter[str]] = field(init=False)
    _taken: Counter[str] = field(default_factory=Counter, init=False)
    _slices: Counter[int] = field(default_factory=Counter, init=False)
    _scale: float = field(default=1.0, init=False)
    _held: float = field(default=0.0, init=False)
    _all: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._found = [
            Counter(term for sentence in passage.sentences for term in sentence.terms)
            for passage in self.every
        ]
        self._all = sum(self.worth.values())
        gains = sorted(self._terms_gain(passage) for passage in self.every)
        self._scale = gains[int(0.9 * (len(gains) - 1))] or 1.0

    def choose(self, budget: int, report: Report) -> list[Passage]:
        """Takes the passage with the best gain per cost until none fits any more."""
        heap = [(-self._rate(passage), passage.number) for passage in self.every]
        heapq.heapify(heap)
        chosen: list[Passage] = []
        left = budget
        while heap:
            _, number = heapq.heappop(heap)
            passage = self.every[number]
            if passage.tokens > left:
                continue
            rate = self._rate(passage)
            if heap and -rate > heap[0][0]:
                heapq.heappush(heap, (-rate, number))
                continue
            chosen.append(passage)
            left -= passage.tokens
            self._take(passage)
            stage = f"Choosing the passages that say most: {len(chosen):,} of {len(self.every):,}"
            report((budget - left) / budget, stage, coverage=round(self._held / (self._all or 1.0), 3))
        return chosen

    def _rate(self, passage: Passage) -> float:
        return self._gain(passage) / float(passage.tokens**self.weights.cost)

    def _gain(self, passage: Passage) -> float:
        here = self._slices[self._slice(passage)]
        spread = self.weights.slices * (math.sqrt(here + passage.words) - math.sqrt(here)) / math.sqrt(60)
        return self._terms_gain(passage) + self._scale * (self.bonuses[passage.number] + spread)

    def _terms_gain(self, passage: Passage) -> float:
        taken = self._taken
        return sum(
            self.worth[term] * (math.sqrt(taken[term] + count) - math.sqrt(taken[term]))
            for term, count in self._found[passage.number].items()
        )

    def _take(self, passage: Passage) -> None:
        new = (term for term in self._found[passage.number] if not self._taken[term])
        self._held += sum(self.worth[term] for term in new)
        self._taken.update(self._found[passage.number])
        self._slices[self._slice(passage)] += passage.words

    def _slice(self, passage: Passage) -> int:
        return passage.number * SLICES // len(self.every)
