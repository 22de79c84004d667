"""The sides of communication, one function each. Formulas are in the docstrings."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from shipspeak.meetings import lexicon
from shipspeak.meetings.answers import Quote
from shipspeak.meetings.corpus import Sentence
from shipspeak.meetings.cues import straight
from shipspeak.meetings.offline import facts
from shipspeak.meetings.offline.facts import Facts, quotes, spread
from shipspeak.meetings.schemas import SpeakerNumbers


@dataclass(frozen=True, slots=True)
class Finding:
    """A score 0..100 (None: can't be told), why, and the sentences that show it."""

    score: float | None
    why: str
    evidence: list[Quote]


def clarity(seen: Facts) -> Finding:
    """60 % fillers in a hundred words (8 poor, 0.5 excellent), 40 % words of a sentence (32 poor, 14
    excellent)."""
    fillers = 100 * seen.fillers / seen.words
    score = 0.6 * _line(fillers, 8, 0.5) + 0.4 * _line(seen.mean_sentence, 32, 14)
    why = (
        f"{fillers:.1f} fillers in a hundred words; a sentence has {seen.mean_sentence:.0f} words on average."
    )
    return Finding(score, why, seen.most(_filler_density))


def structure(seen: Facts) -> Finding:
    """40 % signposts in a thousand words (0 poor, 3 excellent), 30 % one in the first eighth of the meeting,
    30 % one in the last eighth."""
    found = seen.matching(facts.SIGNPOST)
    last = max(1, len(seen.corpus.turns) - 1)
    opens = any(one.turn <= last / 8 for one in found)
    closes = any(one.turn >= last * 7 / 8 for one in found)
    score = 0.4 * _line(1000 * len(found) / seen.words, 0, 3) + 30 * opens + 30 * closes
    why = (
        f"{_counted(len(found), 'sentence says', 'sentences say')} what comes next or sums up; "
        f"{'there is one' if opens else 'there is none'} at the beginning "
        f"and {'one' if closes else 'none'} at the end."
    )
    return Finding(score, why, quotes(spread(found, 3)))


def listening(seen: Facts) -> Finding:
    """50 % questions in a thousand words (0 poor, 12 excellent), 50 % words that take up what another said
    (0 poor, 8 in a thousand excellent)."""
    asked = [one for one in seen.corpus.sentences if one.text.rstrip().endswith("?")]
    taken_up = seen.matching(facts.ACKNOWLEDGE)
    per_thousand = 1000 / seen.words
    score = 0.5 * _line(per_thousand * len(asked), 0, 12) + 0.5 * _line(per_thousand * len(taken_up), 0, 8)
    questions = _counted(len(asked), "question was", "questions were")
    answers = _counted(len(taken_up), "sentence takes", "sentences take")
    why = f"{questions} asked. {answers} up what another said."
    return Finding(score, why, quotes([*spread(taken_up, 2), *spread(asked, 1)]))


def confidence(seen: Facts) -> Finding:
    """Hedges in a hundred words (5 poor, 0.5 excellent)."""
    hedges = 100 * seen.hedges / seen.words
    why = f"{hedges:.1f} softening words (“maybe”, “I think”, “sort of”) in a hundred."
    return Finding(_line(hedges, 5, 0.5), why, seen.most(_hedge_density))


def concision(seen: Facts) -> Finding:
    """50 % the words that nine of ten turns stay below, turns of one or two words left out (250 poor, 40
    excellent), 50 % the longest turn's share of all words (40 % poor, 5 % excellent)."""
    sizes = _turn_sizes(seen)
    longest = max(seen.numbers.speakers, key=lambda one: one.longest_turn_words)
    share = longest.longest_turn_words / seen.words
    usual = sizes[int(0.9 * (len(sizes) - 1))] if sizes else 0
    score = 0.5 * _line(usual, 250, 40) + 0.5 * _line(share, 0.4, 0.05)
    why = (
        f"Nine of ten turns have at most {usual:,} {'word' if usual == 1 else 'words'}; the longest has "
        f"{longest.longest_turn_words:,}, {100 * share:.0f} % of the meeting."
    )
    return Finding(score, why, _opening(seen, longest))


def inclusion(seen: Facts) -> Finding:
    """How evenly talk is shared (entropy / its maximum; 0.3 poor, 0.95 excellent); in English 30 % of it for
    invitations to speak (0 poor, 3 in a thousand words excellent)."""
    balance = seen.numbers.meeting.balance
    if balance.value is None:
        return Finding(None, balance.why, [])
    score = _line(balance.value, 0.3, 0.95)
    first = seen.numbers.speakers[0]
    basis = "time" if seen.numbers.meeting.share_basis == "time" else "words"
    why = f"{_first(first)} the most, {100 * first.share:.0f} % of the {basis}."
    if not seen.corpus.is_english:
        return Finding(score, why, [])
    invited = seen.matching(facts.INVITE)
    score = 0.7 * score + 0.3 * _line(1000 * len(invited) / seen.words, 0, 3)
    asked_in = _counted(len(invited), "sentence asks", "sentences ask")
    return Finding(score, f"{why} {asked_in} others to speak.", quotes(spread(invited, 3)))


def tone(seen: Facts) -> Finding:
    """The mean of VADER's compound value over sentences, weighted by words (-0.2 poor, 0.35 excellent).

    Hutto and Gilbert 2014, “VADER: A Parsimonious Rule-based Model for Sentiment Analysis” (ICWSM).
    """
    analyzer = _vader()
    values = {
        place: float(analyzer.polarity_scores(straight(one.text))["compound"])
        for place, one in enumerate(seen.corpus.sentences)
    }
    mean = sum(values[place] * one.words for place, one in enumerate(seen.corpus.sentences)) / seen.words
    telling = [place for place, one in enumerate(seen.corpus.sentences) if 5 <= one.words <= 45]
    ordered = sorted(telling, key=lambda place: values[place])
    extremes = {place for place in (*ordered[:1], *ordered[-1:]) if abs(values[place]) > 0.2}
    positive = sum(value > 0.2 for value in values.values())
    negative = sum(value < -0.2 for value in values.values())
    why = (
        f"Of {len(values):,} {'sentence' if len(values) == 1 else 'sentences'}, {positive:,} "
        f"{'sounds' if positive == 1 else 'sound'} positive and {negative:,} negative."
    )
    return Finding(_line(mean, -0.2, 0.35), why, quotes([seen.corpus.sentences[place] for place in extremes]))


def _opening(seen: Facts, speaker: SpeakerNumbers) -> list[Quote]:
    """The sentence with which a speaker's longest turn begins."""
    turn = [one for one in seen.corpus.sentences if one.turn == speaker.longest_turn]
    return quotes(spread(turn, 1))


def _line(value: float, poor: float, excellent: float) -> float:
    """Where ``value`` lies between poor (0) and excellent (100)."""
    return 100 * min(1.0, max(0.0, (value - poor) / (excellent - poor)))


def _first(speaker: SpeakerNumbers) -> str:
    return f"{speaker.name} spoke" if speaker.name else "People without a name spoke"


def _counted(count: int, one: str, several: str) -> str:
    """“No question was”, “1 question was”, “3 questions were”: for the beginning of a sentence."""
    return f"{f'{count:,}' if count else 'No'} {one if count < 2 else several}"


def _filler_density(one: Sentence) -> float:
    found = lexicon.fillers(straight(one.text)).total()
    return found / one.words if found > 1 else 0.0


def _hedge_density(one: Sentence) -> float:
    return lexicon.hedges(straight(one.text)).total() / (one.words + 10)


def _turn_sizes(seen: Facts) -> list[int]:
    sizes: dict[int, int] = {}
    for one in seen.corpus.sentences:
        sizes[one.turn] = sizes.get(one.turn, 0) + one.words
    return sorted(size for size in sizes.values() if size > 2)


@functools.cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

    return SentimentIntensityAnalyzer()
