"""A meeting as the analysis sees it: its turns, cut into sentences, with the terms of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from shipspeak.meetings import languages, words
from shipspeak.meetings.parsing import Turn
from shipspeak.meetings.sentences import Splitter


class Report(Protocol):
    """Called with how far the work is, 0..1, what it does now, and indicators known so far."""

    def __call__(self, fraction: float, stage: str = "", **quality: float) -> None: ...


def part(report: Report, start: float, end: float) -> Report:
    """``report`` for a piece of work that takes it from ``start`` to ``end``."""

    def reported(fraction: float, stage: str = "", **quality: float) -> None:
        report(start + (end - start) * fraction, stage, **quality)

    return reported


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a turn: ``text`` is exactly ``turn.text[start:end]``."""

    turn: int
    start: int
    end: int
    text: str
    words: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Turns and sentences of one meeting, in order, and the language they are in."""

    language: str
    turns: tuple[Turn, ...]
    sentences: tuple[Sentence, ...]

    @property
    def is_english(self) -> bool:
        """Whether the English word lists may be used."""
        return self.language == languages.ENGLISH

    @classmethod
    def load(cls, parsed: dict[str, Any]) -> Corpus:
        """The corpus from the output of the parsing step."""
        turns = tuple(Turn(**turn) for turn in parsed["turns"])
        return build(turns, parsed["language"]["code"], parsed["sentences"])


def cut(turns: tuple[Turn, ...], language: str, report: Report) -> list[tuple[int, int, int]]:
    """Where the sentences are: turn, start and end of each."""
    splitter = Splitter(language)
    spans: list[tuple[int, int, int]] = []
    for turn in turns:
        if turn.index % 100 == 0:
            report(
                turn.index / len(turns), f"Cutting turns into sentences: {turn.index + 1:,} of {len(turns):,}"
            )
        spans += [(turn.index, start, end) for start, end in splitter.spans(turn.text)]
    return spans


def build(turns: tuple[Turn, ...], language: str, spans: Iterable[tuple[int, int, int]]) -> Corpus:
    """The corpus of ``turns`` with its sentences at ``spans``; what has no word is no sentence."""
    stop = languages.stop_words(language)
    sentences = []
    for index, start, end in spans:
        text = turns[index].text[start:end]
        size = words.count(text)
        if size:
            sentences.append(Sentence(index, start, end, text, size, tuple(words.terms(text, stop))))
    return Corpus(language, turns, tuple(sentences))
