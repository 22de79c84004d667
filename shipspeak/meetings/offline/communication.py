"""Communication scores by counting: transparent, rough, and honest about what was counted.

Each score is a weighted mean of measures, each of them laid on a line between a value that is poor (0) and
one that is excellent (100). The values were set on real meetings so that ordinary ones lie in the middle.
"""

from __future__ import annotations

from collections.abc import Callable

from shipspeak.meetings import languages
from shipspeak.meetings.answers import CommunicationAnswer, Dimension, ScoreFound
from shipspeak.meetings.corpus import Corpus, Report
from shipspeak.meetings.offline import dimensions
from shipspeak.meetings.offline.advice import advice
from shipspeak.meetings.offline.dimensions import Finding
from shipspeak.meetings.offline.facts import Facts

FEWEST_WORDS = 150
"""Words that at least one speaker must have said; with fewer, a word more or less would change a score."""

_DIMENSIONS: dict[Dimension, tuple[bool, Callable[[Facts], Finding]]] = {
    "clarity": (True, dimensions.clarity),
    "structure": (True, dimensions.structure),
    "listening": (True, dimensions.listening),
    "confidence": (True, dimensions.confidence),
    "concision": (False, dimensions.concision),
    "inclusion": (False, dimensions.inclusion),
    "tone": (True, dimensions.tone),
}
"""For each side of communication whether it needs English word lists, and how it is found."""


def communication(corpus: Corpus, report: Report) -> CommunicationAnswer:
    """The scores of a meeting, with the sentences that show them, and advice where one is not good."""
    facts = Facts.of(corpus)
    scores = []
    for number, (name, (needs_english, find)) in enumerate(_DIMENSIONS.items()):
        report(number / len(_DIMENSIONS), f"Scoring how people talk: {name}")
        why_not = _why_not(facts, corpus, needs_english)
        scores.append(_absent(name, why_not) if why_not else _score(name, find(facts)))
    return CommunicationAnswer(scores=scores, made_offline=True)


def _why_not(facts: Facts, corpus: Corpus, needs_english: bool) -> str:
    most = max((speaker.words for speaker in facts.numbers.speakers), default=0)
    if most < FEWEST_WORDS:
        return f"Nobody said {FEWEST_WORDS} words or more (the most: {most}); that is too little to score."
    if needs_english and not corpus.is_english:
        language = languages.NAMES.get(corpus.language, "another language")
        return f"Offline this is measured with English word lists, and the meeting is in {language}."
    return ""


def _absent(name: Dimension, why: str) -> ScoreFound:
    return ScoreFound(name=name, score=None, why=why, evidence=[], advice=advice(name, None))


def _score(name: Dimension, found: Finding) -> ScoreFound:
    score = None if found.score is None else round(found.score)
    return ScoreFound(
        name=name, score=score, why=found.why, evidence=found.evidence[:3], advice=advice(name, score)
    )
