"""Summary, decisions, action items and topics without any AI service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shipspeak.meetings.answers import ContentAnswer, SummaryFound, TopicFound
from shipspeak.meetings.corpus import Corpus, Report
from shipspeak.meetings.offline.items import actions, decisions
from shipspeak.meetings.offline.summary import summary
from shipspeak.meetings.offline.topics import named, segmented


def content(corpus: Corpus, focus: str, report: Report) -> ContentAnswer:
    """The content of a meeting, from all of it: nothing here costs by the word."""
    report(0.0, "Cutting the meeting into topics")
    groups = segmented(corpus)
    topics = named(groups, corpus, report)
    report(0.7, "Choosing the sentences that say most")
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
    """One sentence made of what was counted. In English, as all that is not quoted."""
    sizes = Counter[str | None]()
    for sentence in corpus.sentences:
        sizes[corpus.turns[sentence.turn].speaker] += sentence.words
    if sizes.total() < 100:
        return []
    people = [name for name, _ in sizes.most_common() if name]
    who = f"{people[0]} spoke" if people else "People spoke"
    if len(people) > 1:
        who = f"{len(people)} people spoke, {people[0]} the most"
    themes = "; ".join(topic.title for topic in topics)
    return [SummaryFound(text=f"{who}. In order, they came to: {themes}.", turns=[])]
