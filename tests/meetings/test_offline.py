"""The offline tools: topics, summary, decisions, action items, scores."""

from __future__ import annotations

import pytest

from shipspeak.meetings.offline import items, summary, topics
from shipspeak.meetings.offline.communication import communication
from shipspeak.meetings.offline.segments import boundaries
from shipspeak.meetings.offline.vectors import tfidf
from tests.meetings.transcripts import meeting, silent

GARDEN = [
    "Ann: The garden needs mint and ferns because the garden soil is wet in spring.",
    "Bob: Ferns like wet soil, and mint grows near the fence of the garden.",
    "Ann: The willow near the fence takes the light from the mint and the ferns.",
    "Bob: The garden soil near the willow is dry, so ferns fail there each spring.",
]
MONEY = [
    "Cem: The budget for the harbour ferry is short, and ticket prices must rise.",
    "Ann: Ticket prices rose last year, and the ferry budget is short again.",
    "Cem: The harbour pays for the ferry, so the harbour budget decides the ticket prices.",
    "Bob: Passengers buy a ticket for the ferry, and the harbour takes a share of it.",
]


def test_it_cuts_a_meeting_where_its_subject_changes() -> None:
    corpus = meeting(*GARDEN * 3, *MONEY * 3)
    groups = topics.segmented(corpus)
    assert 12 in [group[0].turn for group in groups]
    assert [one for group in groups for one in group] == list(corpus.sentences)


def test_it_finds_the_best_cut_there_is() -> None:
    vectors = tfidf([["a", "b"], ["a", "c"], ["a", "b"], ["x", "y"], ["x", "z"]])
    assert vectors is not None
    assert boundaries(vectors, 2, 1) == [0, 3]
    assert boundaries(vectors, 1, 1) == [0]
    assert boundaries(vectors, 9, 2) == [0, 3]


def test_it_names_topics_by_what_sets_them_apart() -> None:
    corpus = meeting(*GARDEN * 3, *MONEY * 3)
    found = topics.named(topics.segmented(corpus), corpus, silent)
    early = " ".join(one.title.lower() for one in found if one.end_turn < 12)
    late = " ".join(one.title.lower() for one in found if one.start_turn >= 12)
    assert "ferns" in early or "fence" in early or "soil" in early
    assert "ferry" in late or "ticket" in late or "harbour" in late
    assert "ferry" not in early


def test_it_numbers_topics_that_no_phrase_names() -> None:
    corpus = meeting("王: 我们今天开会讨论预算。", language="zh")
    assert [one.title for one in topics.named(topics.segmented(corpus), corpus, silent)] == ["Part 1"]


@pytest.mark.parametrize(("size", "count"), [(0, 1), (250, 2), (1000, 3), (4000, 4), (20_000, 5)])
def test_it_gives_longer_meetings_more_topics(size: int, count: int) -> None:
    assert topics.how_many(size) == count


def test_it_sums_up_each_topic_without_saying_things_twice() -> None:
    corpus = meeting(*GARDEN * 3, *MONEY * 3)
    found = summary.summary(corpus, topics.segmented(corpus), "")
    texts = [one.text for one in found]
    assert len(set(texts)) == len(texts)
    assert any(one.turns[0] < 12 for one in found)
    assert any(one.turns[0] >= 12 for one in found)
    assert [one.turns for one in found] == sorted(one.turns for one in found)


def test_it_favours_the_focus_in_the_summary() -> None:
    corpus = meeting(*GARDEN * 3)
    found = summary.summary(corpus, [list(corpus.sentences)], "willow light")
    assert any("willow" in one.text for one in found)


def test_it_sums_up_what_is_too_short_to_compare() -> None:
    corpus = meeting("Ann: Hi there.", "Bob: Hello.")
    assert [one.text for one in summary.summary(corpus, [list(corpus.sentences)], "")] == [
        "Hi there.",
        "Hello.",
    ]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Um , so we we should uh go {gap} now .", "We should go now."),
        ("Okay. Yeah. I think I think it 's fine", "I think it's fine"),
        ("Yeah.", "Yeah."),
        ("umbrellas are erratic", "Umbrellas are erratic"),
    ],
)
def test_it_writes_speech_readably(said: str, written: str) -> None:
    assert summary.readable(said) == written


TASKS = [
    ("Ann: Bob, can you send the draft contract to legal by Friday?", "Bob Stone", "by Friday"),
    ("Bob Stone: Sure, I'll send the contract tomorrow morning.", "Bob Stone", "tomorrow morning"),
    ("Cem: Ann will talk to the press team next week.", "Ann", "next week"),
    ("Ann: We need to fix the login bug by end of week.", None, "by end of week"),
    ("Cem: Could you please review the budget, Bob?", "Bob Stone", None),
    ("Ann: I will order thirty ferns by 12 March.", "Ann", "by 12 March"),
]


@pytest.mark.parametrize(("line", "owner", "due"), TASKS)
def test_it_finds_who_does_what_by_when(line: str, owner: str | None, due: str | None) -> None:
    corpus = meeting(line, "Bob Stone: Fine.", "Ann: Good.", "Cem: Yes.")
    found = items.actions(corpus)
    assert [(one.owner, one.due, one.evidence.turn) for one in found] == [(owner, due, 0)]
    assert found[0].evidence.quote in line


@pytest.mark.parametrize(
    "line",
    [
        "Ann: We decided to postpone the launch to March.",
        "Ann: So let's go with the blue cover then.",
        "Ann: The motion on the new bridge is agreed to.",
        "Ann: We'll stick with the old supplier this year.",
    ],
)
def test_it_finds_decisions(line: str) -> None:
    found = items.decisions(meeting(line, "Bob: Fine."))
    assert [one.evidence.turn for one in found] == [0]


@pytest.mark.parametrize(
    "line",
    [
        "Ann: If we had decided to use the bridge we might have lost it.",
        "Ann: Have we decided anything about the bridge yet?",
        "Ann: We will keep working hard for the people of this town.",
        "Ann: How can the minister check the budget of the bridge?",
        "Ann: I can't check the bridge.",
        "Ann: Okay.",
    ],
)
def test_it_does_not_take_talk_for_decisions_or_tasks(line: str) -> None:
    corpus = meeting(line, "Bob: Fine.")
    assert items.decisions(corpus) == []
    assert items.actions(corpus) == []


def test_it_quotes_around_what_transcribers_note() -> None:
    corpus = meeting(
        "Ann: Um {disfmarker} I will check the bridge contract by Friday {vocalsound}", "Bob: Fine."
    )
    assert items.actions(corpus)[0].evidence.quote == "I will check the bridge contract by Friday"


def test_it_scores_all_sides_of_an_english_meeting_with_evidence() -> None:
    corpus = meeting(*GARDEN, "Ann: What do you think, Cem?", "Cem: I agree, that makes sense.", *MONEY)
    found = communication(corpus, silent)
    assert [one.name for one in found.scores] == [
        "clarity", "structure", "listening", "confidence", "concision", "inclusion", "tone",
    ]  # fmt: skip
    for one in found.scores:
        assert one.score is not None
        assert 0 <= one.score <= 100
        assert one.evidence
        assert one.advice
        assert one.why
    assert found.made_offline


def test_it_scores_hesitant_speech_lower() -> None:
    def score(name: str, *lines: str) -> int:
        scores = {one.name: one.score for one in communication(meeting(*lines), silent).scores}
        found = scores[name]
        assert found is not None
        return found

    hesitant = [line.replace(": ", ": Um, uh, I think maybe, uh, ") for line in GARDEN]
    assert score("clarity", *hesitant) < score("clarity", *GARDEN)
    assert score("confidence", *hesitant) < score("confidence", *GARDEN)


def test_it_scores_one_who_talks_alone_lower_on_inclusion() -> None:
    def score(*lines: str) -> int | None:
        return {one.name: one.score for one in communication(meeting(*lines), silent).scores}["inclusion"]

    alone = score(*[line.replace("Bob:", "Ann:") for line in GARDEN], "Bob: Yes.")
    together = score(*GARDEN)
    assert alone is not None
    assert together is not None
    assert alone < together
    assert score(*[line.replace("Bob:", "Ann:") for line in GARDEN]) is None


def test_it_says_why_it_can_not_score_other_languages() -> None:
    german = [
        "Anna: Wir haben das Budget für den Hafen besprochen, und es reicht nicht aus.",
        "Ben: Ja, genau so.",
    ]
    found = {one.name: one for one in communication(meeting(*german * 4, language="de"), silent).scores}
    assert found["clarity"].score is None
    assert "German" in found["clarity"].why
    assert found["concision"].score is not None
    assert found["inclusion"].score is not None


def test_it_does_not_score_what_is_too_short() -> None:
    found = communication(meeting("Ann: Hi.", "Bob: Hello."), silent)
    assert {one.score for one in found.scores} == {None}
    assert all("too little" in one.why for one in found.scores)
