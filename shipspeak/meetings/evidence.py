"""Quotes that are truly in the transcript. What a service claims was said is looked up before it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from shipspeak.meetings import words
from shipspeak.meetings.answers import Quote
from shipspeak.meetings.parsing import Turn
from shipspeak.meetings.schemas import Evidence

FEWEST_WORDS = 5
"""Words in a row that a quote and a turn must share for the quote to be mended instead of dropped."""
LARGEST_LOSS = 0.5
"""Share of a quote's words that may be lost when it is mended."""
LONGEST_QUOTE = 400
"""Characters of a quote that are looked for and shown."""

_TOKEN = re.compile(r"\w+")
_LABEL = re.compile(r"^\W{0,3}\[(\d{1,6})\]\s*[^:]{0,130}:\s*")


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The words of a turn, lower case, with where each stands in its text."""

    tokens: list[str]
    spans: list[tuple[int, int]]
    line: str


@dataclass(slots=True)
class Verifier:
    """Looks quotes up in the turns of one meeting, and counts how many were found.

    Args:
        turns: the transcript.
        given: how many quotes were looked up.
        kept: how many of them are in the transcript.
    """

    turns: Sequence[Turn]
    given: int = 0
    kept: int = 0
    _known: dict[int, _Spoken] = field(default_factory=dict)

    def find(self, claimed: Quote) -> Evidence | None:
        """``claimed`` as it stands in the transcript, word for word, or None when it does not.

        Case, punctuation and transcribers' notes may differ. It is looked for in the turn it names, then in
        all others; last, a quote that differs in some words is cut to what the named turn has of it.
        """
        self.given += 1
        index, quote = _unlabelled(claimed)
        wanted = _tokens(quote[:LONGEST_QUOTE])
        if not wanted:
            return None
        found = self._exactly(index, wanted) or self._anywhere(wanted) or self._partly(index, wanted)
        if found:
            self.kept += 1
        return found

    def _exactly(self, index: int, wanted: list[str]) -> Evidence | None:
        if not 0 <= index < len(self.turns):
            return None
        spoken = self._spoken(index)
        if _line(wanted) not in spoken.line:
            return None
        before = spoken.line[: spoken.line.index(_line(wanted))]
        return self._evidence(index, len(before.split()), len(wanted))

    def _anywhere(self, wanted: list[str]) -> Evidence | None:
        if len(wanted) < FEWEST_WORDS:
            return None
        found = (self._exactly(turn.index, wanted) for turn in self.turns)
        return next((one for one in found if one), None)

    def _partly(self, index: int, wanted: list[str]) -> Evidence | None:
        if not 0 <= index < len(self.turns):
            return None
        tokens = self._spoken(index).tokens
        match = SequenceMatcher(None, wanted, tokens, autojunk=False).find_longest_match()
        enough = max(FEWEST_WORDS, (1 - LARGEST_LOSS) * len(wanted))
        return self._evidence(index, match.b, match.size) if match.size >= enough else None

    def _evidence(self, index: int, at: int, size: int) -> Evidence:
        turn = self.turns[index]
        spans = self._spoken(index).spans
        start, end = spans[at][0], spans[at + size - 1][1]
        end += len(turn.text[end:]) - len(turn.text[end:].lstrip(".!?…。！？"))
        return Evidence(turn=index, quote=turn.text[start:end], speaker=turn.speaker, start=turn.start)

    def _spoken(self, index: int) -> _Spoken:
        if index not in self._known:
            text = self.turns[index].text
            notes = [note.span() for note in words.ANNOTATION.finditer(text)]
            matches = [
                match
                for match in _TOKEN.finditer(text)
                if not any(start <= match.start() < end for start, end in notes)
            ]
            tokens = [match[0].casefold() for match in matches]
            self._known[index] = _Spoken(tokens, [match.span() for match in matches], _line(tokens))
        return self._known[index]


def _unlabelled(claimed: Quote) -> tuple[int, str]:
    """Turn and words of a quote; some services copy the line's “[turn] speaker:” with it."""
    label = _LABEL.match(claimed.quote)
    return (int(label[1]), claimed.quote[label.end() :]) if label else (claimed.turn, claimed.quote)


def _tokens(text: str) -> list[str]:
    return [token.casefold() for token in _TOKEN.findall(words.ANNOTATION.sub(" ", text))]


def _line(tokens: Sequence[str]) -> str:
    return f" {' '.join(tokens)} "
