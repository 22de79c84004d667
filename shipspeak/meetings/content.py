"""Summary, decisions, action items and topics: asked of a provider, then checked against the transcript."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypedDict

from jobs.providers.contract import Request
from shipspeak.meetings import prompts, words
from shipspeak.meetings.answers import ActionFound, ContentAnswer, DecisionFound, SummaryFound, TopicFound
from shipspeak.meetings.corpus import Corpus, Report
from shipspeak.meetings.evidence import Verifier
from shipspeak.meetings.offline.content import content as offline_content
from shipspeak.meetings.offline.topics import merged
from shipspeak.meetings.passages import Line
from shipspeak.meetings.schemas import ActionItem, Decision, MeetingOptions, SummarySentence, Topic

MOST_SENTENCES = 15
MOST_ITEMS = 40
MOST_TOPICS = 20
LONGEST = 600
"""Characters of any sentence that a provider writes."""
NEARBY = 3
"""Turns before and after the quote in which an owner or a date must have been said."""


class Content(TypedDict):
    """The output of the step, as JSON."""

    summary: list[dict[str, object]]
    decisions: list[dict[str, object]]
    action_items: list[dict[str, object]]
    topics: list[dict[str, object]]
    offline: bool
    given: int
    kept: int


def request(corpus: Corpus, lines: Sequence[Line], options: MeetingOptions, report: Report) -> Request:
    """The question to a provider. Offline it is answered from the whole corpus."""
    return Request(
        task="meetings.content",
        instructions=prompts.content_instructions(options),
        text=prompts.material(lines),
        answer=ContentAnswer,
        offline=functools.partial(offline_content, corpus, options.focus, report),
        max_output_tokens=4000,
    )


def checked(answer: ContentAnswer, corpus: Corpus) -> Content:
    """The answer as the report shows it; what its quotes don't bear out is left out."""
    verifier = Verifier(corpus.turns)
    decisions = [_decision(one, verifier) for one in answer.decisions[:MOST_ITEMS]]
    actions = [_action(one, verifier, corpus) for one in answer.action_items[:MOST_ITEMS]]
    return Content(
        summary=[one.model_dump() for one in _summary(answer.summary, corpus)],
        decisions=[one.model_dump() for one in decisions if one],
        action_items=[one.model_dump() for one in actions if one],
        topics=[one.model_dump() for one in _topics(answer.topics, corpus)],
        offline=answer.made_offline,
        given=verifier.given,
        kept=verifier.kept,
    )


def short(text: str) -> str:
    """``text`` on one line and of a length that fits a page."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _summary(found: Sequence[SummaryFound], corpus: Corpus) -> list[SummarySentence]:
    last = len(corpus.turns)
    kept = [
        SummarySentence(
            text=short(one.text),
            turns=sorted({turn for turn in one.turns if 0 <= turn < last}),
            speaker=one.speaker,
        )
        for one in found
    ]
    return [one for one in kept if one.text][:MOST_SENTENCES]


def _decision(found: DecisionFound, verifier: Verifier) -> Decision | None:
    evidence = verifier.find(found.evidence)
    return Decision(text=short(found.text), evidence=evidence) if evidence and found.text.strip() else None


def _action(found: ActionFound, verifier: Verifier, corpus: Corpus) -> ActionItem | None:
    evidence = verifier.find(found.evidence)
    if not evidence or not found.text.strip():
        return None
    near = _near(evidence.turn, corpus)
    return ActionItem(
        text=short(found.text),
        owner=_said(found.owner, near),
        due=_said(found.due, near),
        evidence=evidence,
    )


def _near(turn: int, corpus: Corpus) -> str:
    """What is said around a turn, and by whom, in lower case.

    Where the turn's own speaker is only assumed, that name counts only if somebody says it.
    """
    here = corpus.turns[turn]
    doubtful = here.speaker if here.assumed else None
    around = corpus.turns[max(0, turn - NEARBY) : turn + NEARBY + 1]
    speakers = (one.speaker for one in around if one.speaker and one.speaker != doubtful)
    return " ".join([*speakers, *(words.readable(one.text) for one in around)]).casefold()


def _said(claimed: str | None, near: str) -> str | None:
    """``claimed`` when at least one of its longer words was said nearby: dates and names are not invented."""
    if not claimed or not claimed.strip():
        return None
    parts = [part.casefold() for part in words.tokens(claimed) if len(part) > 2] or [
        claimed.strip().casefold()
    ]
    return short(claimed) if any(part in near for part in parts) else None


def _topics(found: Sequence[TopicFound], corpus: Corpus) -> list[Topic]:
    last = len(corpus.turns) - 1
    sizes = [0] * len(corpus.turns)
    for sentence in corpus.sentences:
        sizes[sentence.turn] += sentence.words
    total = max(1, sum(sizes))
    ordered = merged(sorted(found, key=lambda one: one.start_turn))[:MOST_TOPICS]
    topics: list[Topic] = []
    for place, one in enumerate(ordered):
        first = min(max(0, one.start_turn), last)
        final = min(max(first, one.end_turn), last)
        following = ordered[place + 1].start_turn if place + 1 < len(ordered) else last + 1
        start, end = _times(corpus, first, final)
        # A turn in which the topic changes counts for the later one, so that shares add up to 1 at most.
        share = round(sum(sizes[first : min(final + 1, max(first, following))]) / total, 4)
        title = short(one.title) or f"Part {place + 1}"
        topics.append(Topic(title=title, start_turn=first, end_turn=final, start=start, end=end, share=share))
    return topics


def _times(corpus: Corpus, start: int, end: int) -> tuple[float | None, float | None]:
    """Seconds at which a stretch of turns begins and ends, as far as they are known."""
    turns = corpus.turns[start : end + 1]
    starts = [turn.start for turn in turns if turn.start is not None]
    ends = [turn.end for turn in turns if turn.end is not None]
    return min(starts, default=None), max(ends, default=None)
