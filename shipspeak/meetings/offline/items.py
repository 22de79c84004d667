"""Decisions and action items by the words with which people make them. English only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shipspeak.meetings import cues, words
from shipspeak.meetings.answers import ActionFound, DecisionFound, Quote
from shipspeak.meetings.corpus import Corpus, Sentence
from shipspeak.meetings.offline.summary import readable
from shipspeak.meetings.parsing import Turn

MOST_DECISIONS = 15
MOST_ACTIONS = 20
FEWEST_WORDS = 4
MOST_WORDS = 60
FEWEST_TERMS = 2
"""Content terms that a sentence must have to say what was decided or is to be done."""

_UNSURE = re.compile(
    r"\b(?:if|whether|would|haven't|hasn't|didn't|not (?:yet )?(?:decided|agreed|approved)|shall|suppose"
    r"|maybe"
    r"|might|could have|should have|used to|imagine|wish|when you|how (?:do|can|could|should|would))\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:don't|do not|won't|will not|doesn't|can't|cannot|no need|needn't)\b", re.IGNORECASE
)
_POLITE = re.compile(
    r"\b(?:if (?:you|someone|somebody) (?:could|can|would|'d)\b|would you)(?: (?:maybe|perhaps|possibly)\b)*",
    re.IGNORECASE,
)
"""“If”, “would” and “maybe” that ask for something, and do not doubt it."""
_PROMISE = re.compile(r"\b(?:i'll|i will|i'm going to|i am going to|i'm gonna|let me)\b", re.IGNORECASE)
_ASKED = re.compile(
    r"\b(?:can|could|will|would) you\b|\bif (?:you|someone|somebody) (?:could|can|would|'d)\b"
    r"|\byou (?:need|have|should)\b|\bplease\b",
    re.IGNORECASE,
)
_THIRD = re.compile(r"\b([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)(?:'ll| will| is going to| needs to| has to| to)\b")
_CALLED = re.compile(
    r"(?:^|[,;] ?|\b(?:and|so|okay|ok|then) )([A-Z][\w'’-]+)\s*[,:]|[,;]\s*([A-Z][\w'’-]+)\s*[?.!]?$"
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:(?:jan|febr)uary|march|april|may|june|july|august|(?:sept|nov|dec)ember|october)"
_SPAN = (
    r"(?:day|week|weekend|month|quarter|year|meeting|sprint|session|morning|afternoon|evening|lunch|release)"
)
_DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?"
    r"|\d{4}-\d\d-\d\d)"
)
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm|o'clock)"
_END = rf"end of (?:the |this |next )?{_SPAN}"
_FEW = r"(?:a|an|one|two|three|four|five|six|\d+|a couple of|a few)"
DUE = re.compile(
    r"\b(?:"
    r"(?:by|before|until|till|on|due|for)\s+(?:the\s+|our\s+)?(?:"
    rf"{_END}|(?:this |next |coming )?{_DAY}(?: (?:morning|afternoon|evening|night|noon))?|{_DATE}|{_CLOCK}"
    rf"|(?:this |next )?{_SPAN}|tomorrow|tonight|noon|midnight)"
    rf"|tomorrow(?: (?:morning|afternoon|evening))?|tonight|(?:next|this) (?:{_SPAN}|{_DAY})|{_END}|{_DATE}"
    rf"|(?:in|within) (?:the next )?{_FEW} (?:minute|hour|day|week|month)s?"
    r"|as soon as possible|asap|right away"
    r")",
    re.IGNORECASE,
)
"""By when, in the words that people use."""


@dataclass(frozen=True, slots=True)
class _Hit:
    sentence: Sentence
    worth: float


def decisions(corpus: Corpus) -> list[DecisionFound]:
    """What was decided, in order; of very many, those that say most."""
    hits = _hits(corpus, cues.DECISION, MOST_DECISIONS)
    return [DecisionFound(text=readable(hit.text), evidence=quote(hit)) for hit in hits]


def actions(corpus: Corpus) -> list[ActionFound]:
    """Who is to do what by when, in order; of very many, those that say most."""
    people = _people(corpus.turns)
    found = []
    for hit in _hits(corpus, cues.TASK, MOST_ACTIONS):
        said = cues.straight(hit.text)
        due = DUE.search(said)
        found.append(
            ActionFound(
                text=readable(hit.text),
                owner=_owner(said, corpus.turns[hit.turn], people),
                due=due[0] if due else None,
                evidence=quote(hit),
            )
        )
    return found


def quote(sentence: Sentence) -> Quote:
    """A sentence as evidence: all of it; pages leave transcribers' notes out when they show it."""
    return Quote(turn=sentence.turn, quote=sentence.text)


def _hits(corpus: Corpus, pattern: re.Pattern[str], most: int) -> list[Sentence]:
    if not corpus.is_english:
        return []
    hits = [_Hit(one, worth) for one in corpus.sentences if (worth := _worth(one, pattern)) > 0]
    best = sorted(hits, key=lambda hit: -hit.worth)[:most]
    return [hit.sentence for hit in sorted(best, key=lambda hit: (hit.sentence.turn, hit.sentence.start))]


def _worth(sentence: Sentence, pattern: re.Pattern[str]) -> float:
    """How surely and how fully a sentence is what ``pattern`` looks for; 0 when it is not."""
    said = cues.straight(sentence.text)
    if not FEWEST_WORDS <= sentence.words <= MOST_WORDS or len(set(sentence.terms)) < FEWEST_TERMS:
        return 0.0
    if not _is_cue(said, pattern):
        return 0.0
    worth = 1.0 + min(6, len(set(sentence.terms))) / 6
    worth += 0.7 if DUE.search(said) else 0.0
    worth += 0.5 if _PROMISE.search(said) else 0.0
    doubted = said if pattern is cues.DECISION else _POLITE.sub("", said)
    worth *= 0.5 if _UNSURE.search(doubted) else 1.0
    worth *= 0.6 if _NEGATED.search(said) else 1.0
    asks = said.rstrip().endswith("?") and not _ASKED.search(said)
    return 0.0 if asks else worth if worth >= 1.0 else 0.0


def _is_cue(said: str, pattern: re.Pattern[str]) -> bool:
    """Whether ``said`` has the words of ``pattern`` and none that take them back."""
    if pattern is cues.DECISION:
        return bool(pattern.search(said)) and not cues.NOT_DECIDING.search(said)
    needed = bool(cues.NEED.search(said)) and bool(DUE.search(said))
    return (bool(pattern.search(said)) or needed) and not cues.NOT_A_TASK.search(said)


def _people(turns: Sequence[Turn]) -> dict[str, str]:
    """Full names of those present by each of their words that could call them."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(turn.speaker for turn in turns if turn.speaker):
        for word in words.tokens(name):
            if word[0].isupper() and len(word) > 1:
                found.setdefault(word.casefold(), name)
    return found


def _owner(said: str, turn: Turn, people: dict[str, str]) -> str | None:
    """Who is to do it, if that was said: the speaker who promises, or the one present who is named.

    A speaker who is only assumed promises nothing.
    """
    third = _THIRD.search(said)
    if third and third[1].split()[0].casefold() in people:
        return people[third[1].split()[0].casefold()]
    if _PROMISE.search(said):
        return None if turn.assumed else turn.speaker
    called = _CALLED.search(said)
    name = (called[1] or called[2]).casefold() if called else ""
    if name in people and _ASKED.search(said):
        return people[name]
    return None
