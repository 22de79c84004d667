"""Summary, decisions, action items and topics without any AI service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shipspeak.meetings.answers import ContentAnswer, SummaryFound, TopicFound
from shipspeak.meetings.corpus import Corpus, Report
from shipspeak.meetings.offline.items import actions, decisions
from shipspeak.meetings.offline.summary import summary
from shipspeak.meetings.offline.topics import named, segmented

FEWEST_WORDS = 100
"""A meeting with fewer words needs no sentence about itself."""


def content(corpus: Corpus, focus: str, report: Report) -> ContentAnswer:
    """The content of a meeting, from all of it: nothing here costs by the word."""
    report(0.0, "Finding where the subject changes")
    groups = segmented(corpus)
    topics = named(groups, corpus, report)
    report(0.7, "Picking the sentences that say most")
    sentences = summary(corpus, groups, focus)
    report(0.9, "Looking for decisions and action items")
    return ContentAnswer(
        summary=[*_overview(corpus, topics), *sentences],
        decisions=decisions(corpus),
        action_items=actions(corpus),
        topics=topics,
        made_offline=True,
    )


def _overview(corpus: Corpus, topics: Sequence[TopicFound]) -> list[SummaryFound]:
    """Who spoke how much, and the topics, from what was counted. In English, as all that is not quoted."""
    sizes = Counter[str | None]()
    for sentence in corpus.sentences:
        sizes[corpus.turns[sentence.turn].speaker] += sentence.words
    if sizes.total() < FEWEST_WORDS:
        return []
    found = [SummaryFound(text=_who_spoke(sizes), turns=[])]
    if len(topics) > 1:
        themes = "; ".join(topic.title for topic in topics)
        found.append(SummaryFound(text=f"Words that stand out, from beginning to end: {themes}.", turns=[]))
    return found


def _who_spoke(sizes: Counter[str | None]) -> str:
    """A sentence about the speakers, from the number of words of each (None: without a name)."""
    people = [name for name, _ in sizes.most_common() if name]
    if not people:
        return f"The meeting has {sizes.total():,} words; the transcript names no speaker."
    first = people[0]
    unnamed = ", and others without a name" if None in sizes else ""
    if len(people) == 1:
        return f"{first} spoke{unnamed}."
    share = 100 * sizes[first] / sizes.total()
    return f"{len(people)} people spoke{unnamed}; {first} said the most, {share:.0f} % of the words."
