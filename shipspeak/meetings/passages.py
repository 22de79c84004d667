"""Passages: the units that are sampled. A few sentences that belong together, across short turns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shipspeak.meetings.corpus import Corpus, Sentence

MOST_WORDS = 40
"""Words of a passage: enough to be understood alone, few enough that a budget holds many."""
ENOUGH_WORDS = 18
"""A passage with so many words ends with its turn."""
_BYTES_PER_TOKEN = 4
_LABEL_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of one turn: ``text`` stands word for word in it."""

    turn: int
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences: their lines, what they would take of a token budget, and their place.

    Args:
        number: place among the meeting's passages, from 0.
        sentences: the sentences, in order.
        lines: their text, a line for each turn.
        tokens: estimated, see `tokens`.
    """

    number: int
    sentences: tuple[Sentence, ...]
    lines: tuple[Line, ...]
    tokens: int

    @property
    def words(self) -> int:
        """Words of all its sentences."""
        return sum(sentence.words for sentence in self.sentences)


def passages(corpus: Corpus) -> list[Passage]:
    """The whole meeting as passages, each sentence in one of them."""
    return [_passage(number, group, corpus) for number, group in enumerate(_groups(corpus.sentences))]


def tokens(text: str) -> int:
    """About how many tokens a language model makes of ``text``: one for four bytes of UTF-8, the usual rule
    of thumb for English, which errs on the high side for scripts of several bytes a letter."""
    return math.ceil(len(text.encode()) / _BYTES_PER_TOKEN)


def _groups(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    group: list[Sentence] = []
    size = 0
    for sentence in sentences:
        new_turn = bool(group) and sentence.turn != group[-1].turn
        if group and (size + sentence.words > MOST_WORDS or (new_turn and size >= ENOUGH_WORDS)):
            yield group
            group, size = [], 0
        group.append(sentence)
        size += sentence.words
    if group:
        yield group


def _passage(number: int, group: Sequence[Sentence], corpus: Corpus) -> Passage:
    lines: list[Line] = []
    for turn in dict.fromkeys(sentence.turn for sentence in group):
        mine = [sentence for sentence in group if sentence.turn == turn]
        whole = corpus.turns[turn]
        lines.append(Line(turn, whole.speaker, whole.text[mine[0].start : mine[-1].end]))
    cost = sum(tokens(line.text) + tokens(line.speaker or "") + _LABEL_TOKENS for line in lines)
    return Passage(number, tuple(group), tuple(lines), cost)
