"""Communication scores: asked of a provider, then checked against the transcript."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypedDict, get_args

from jobs.providers.contract import Request
from shipspeak.meetings import prompts
from shipspeak.meetings.answers import CommunicationAnswer, Dimension, ScoreFound
from shipspeak.meetings.content import short
from shipspeak.meetings.corpus import Corpus, Report
from shipspeak.meetings.evidence import Verifier
from shipspeak.meetings.offline.communication import communication as offline_communication
from shipspeak.meetings.passages import Line
from shipspeak.meetings.schemas import MeetingOptions, Score

TITLES: dict[Dimension, str] = {
    "clarity": "Clarity",
    "structure": "Structure",
    "listening": "Listening",
    "confidence": "Confidence",
    "concision": "Concision",
    "inclusion": "Inclusion",
    "tone": "Tone",
}
MOST_QUOTES = 3


class Communication(TypedDict):
    """The output of the step, as JSON."""

    scores: list[dict[str, object]]
    offline: bool
    given: int
    kept: int


def request(corpus: Corpus, lines: Sequence[Line], options: MeetingOptions, report: Report) -> Request:
    """The question to a provider. Offline it is answered by counting in the whole corpus."""
    return Request(
        task="meetings.communication",
        instructions=prompts.communication_instructions(options),
        text=prompts.material(lines),
        answer=CommunicationAnswer,
        offline=functools.partial(offline_communication, corpus, report),
        max_output_tokens=3000,
    )


def checked(answer: CommunicationAnswer, corpus: Corpus) -> Communication:
    """The answer as the report shows it: every side once, scores within 0..100, quotes that exist."""
    verifier = Verifier(corpus.turns)
    by_name = {found.name: found for found in reversed(answer.scores)}
    scores = [_score(name, by_name.get(name), verifier) for name in get_args(Dimension)]
    return Communication(
        scores=[one.model_dump() for one in scores],
        offline=answer.made_offline,
        given=verifier.given,
        kept=verifier.kept,
    )


def _score(name: Dimension, found: ScoreFound | None, verifier: Verifier) -> Score:
    if found is None:
        found = ScoreFound(
            name=name, score=None, why="The AI service gave no score for it.", evidence=[], advice=""
        )
    score = None if found.score is None else min(100, max(0, found.score))
    evidence = [one for quote in found.evidence[:MOST_QUOTES] if (one := verifier.find(quote))]
    return Score(
        name=name,
        title=TITLES[name],
        score=score,
        why=short(found.why),
        evidence=evidence,
        advice=short(found.advice),
    )
