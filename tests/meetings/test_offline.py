"""The offline tools: topics, summary, decisions, action items, scores."""

from __future__ import annotations

import pytest

from shipspeak.meetings.answers import TopicFound
from shipspeak.meetings.evidence import Verifier
from shipspeak.meetings.offline import fluency, items, summary, topics
from shipspeak.meetings.offline.advice import GOOD
from shipspeak.meetings.offline.communication import communication
from shipspeak.meetings.offline.content import content
from shipspeak.meetings.offline.segments import boundaries
from shipspeak.meetings.offline.vectors import tfidf
from shipspeak.meetings.parsing import Turn
from tests.meetings.transcripts import corpus_of, meeting, silent

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


def test_it_quotes_whole_sentences_whatever_transcribers_note_in_them() -> None:
    corpus = meeting(
        "Ann: Um {disfmarker} I will check the bridge contract by Friday {vocalsound}", "Bob: Fine."
    )
    evidence = items.actions(corpus)[0].evidence
    assert Verifier(corpus.turns).find(evidence) is not None
    assert evidence.quote == corpus.turns[0].text


def test_it_scores_all_sides_of_an_english_meeting_with_evidence() -> None:
    asked = ["Ann: What do you think, Cem? Let's move on.", "Cem: I agree, that makes sense."]
    found = communication(meeting(*GARDEN * 4, *asked, *MONEY * 4), silent)
    assert [one.name for one in found.scores] == [
        "clarity", "structure", "listening", "confidence", "concision", "inclusion", "tone",
    ]  # fmt: skip
    for one in found.scores:
        assert one.score is not None
        assert 0 <= one.score <= 100
        assert one.why
    shown = {one.name for one in found.scores if one.evidence}
    assert {"structure", "listening", "inclusion"} <= shown
    assert found.made_offline


def test_it_scores_hesitant_speech_lower() -> None:
    def score(name: str, *lines: str) -> int:
        scores = {one.name: one.score for one in communication(meeting(*lines), silent).scores}
        found = scores[name]
        assert found is not None
        return found

    plain = GARDEN * 6
    hesitant = [line.replace(": ", ": Um, uh, I think maybe, uh, ") for line in plain]
    assert score("clarity", *hesitant) < score("clarity", *plain)
    assert score("confidence", *hesitant) < score("confidence", *plain)


def test_it_scores_one_who_talks_alone_lower_on_inclusion() -> None:
    def score(*lines: str) -> int | None:
        return {one.name: one.score for one in communication(meeting(*lines), silent).scores}["inclusion"]

    alone = score(*[line.replace("Bob:", "Ann:") for line in GARDEN * 6], "Bob: Yes.")
    together = score(*GARDEN * 6)
    assert alone is not None
    assert together is not None
    assert alone < together
    assert score(*[line.replace("Bob:", "Ann:") for line in GARDEN * 6]) is None


def test_it_says_why_it_can_not_score_other_languages() -> None:
    german = [
        "Anna: Wir haben das Budget für den Hafen besprochen, und es reicht nicht aus.",
        "Ben: Ja, genau so.",
    ]
    found = {one.name: one for one in communication(meeting(*german * 13, language="de"), silent).scores}
    assert found["clarity"].score is None
    assert "German" in found["clarity"].why
    assert found["concision"].score is not None
    assert found["inclusion"].score is not None


def test_it_does_not_score_what_is_too_short() -> None:
    found = communication(meeting("Ann: Hi.", "Bob: Hello."), silent)
    assert {one.score for one in found.scores} == {None}
    assert all("too little" in one.why for one in found.scores)


@pytest.mark.parametrize(
    "written",
    [
        "The old bridge over the harbour needs a new rail.",
        "If you ask me, the ferry should stop at noon.",
        "We could keep plan B for the harbour.",
        "Why does the ferry not stop at noon?",
    ],
)
def test_it_takes_sentences_that_stand_alone(written: str) -> None:
    assert fluency.is_whole(written, punctuated=True, english=True)


@pytest.mark.parametrize(
    "written",
    [
        "Because the ferry stops at the harbour.",
        "Which the harbour pays for each year.",
        "The ferry stops at the harbour, but.",
        "The ferry stops at the harbour",
        "S th point is to build a ferry for the harbour.",
        "The ferry w stops at the har- the harbour.",
        "Y we could build a ferry for the harbour.",
        "Even there they have And they have a ferry.",
        "The I don't want a ferry in the harbour.",
        "Internally, but the harbour pays for it.",
    ],
)
def test_it_takes_no_stutters_and_no_fragments(written: str) -> None:
    assert not fluency.is_whole(written, punctuated=True, english=True)


def test_it_looks_at_the_words_of_english_only() -> None:
    assert fluency.is_whole("Weil es st regnet, und so weiter, aber.", punctuated=True, english=False)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("we w we want th there a about it", "We want there about it"),
        ("I don't think we're ready for it it's late", "I don't think we're ready for it's late"),
        ("the th- there is de- demand", "The there is demand"),
        ("on one side as assets", "On one side as assets"),
    ],
)
def test_it_mends_words_that_break_off(said: str, written: str) -> None:
    assert summary.readable(said) == written


def test_it_sums_up_in_whole_sentences_that_differ() -> None:
    loose = [
        "Ann: The the w we could um because the ferns and mint and soil, but",
        "Bob: Which the ferns need.",
    ]
    corpus = meeting(*GARDEN, *loose, *[line.replace("Bob", "Cem") for line in GARDEN])
    found = summary.summary(corpus, [list(corpus.sentences)], "")
    assert [one.speaker for one in found] == [corpus.turns[one.turns[0]].speaker for one in found]
    texts = [one.text for one in found]
    assert len(set(texts)) == len(texts) > 1
    assert all(text.endswith(".") and not text.startswith(("Which", "The the")) for text in texts)


def test_it_says_in_plain_words_who_spoke_and_about_what() -> None:
    corpus = meeting(*GARDEN * 3, *MONEY * 3)
    who, about = content(corpus, "", silent).summary[:2]
    assert who.text == "3 people spoke; Bob said the most, 39 % of the words."
    assert who.turns == about.turns == []
    assert about.text.startswith("Words that stand out, from beginning to end: ")


def test_it_says_that_nobody_is_named() -> None:
    corpus = meeting(*[line.partition(": ")[2] for line in GARDEN * 3])
    assert content(corpus, "", silent).summary[0].text.endswith("the transcript names no speaker.")


def test_it_makes_one_topic_of_neighbours_with_one_title() -> None:
    made = [
        TopicFound(title=title, start_turn=at, end_turn=at + 1)
        for at, title in enumerate(["Soil", "soil", "Ferry", "Soil"])
    ]
    assert [(one.title, one.start_turn, one.end_turn) for one in topics.merged(made)] == [
        ("Soil", 0, 2),
        ("Ferry", 2, 3),
        ("Soil", 3, 4),
    ]


def test_it_names_topics_by_what_people_come_back_to() -> None:
    corpus = meeting(*GARDEN * 3, "Ann: Regard international students once.", *GARDEN * 3)
    title = topics.named([list(corpus.sentences)], corpus, silent)[0].title
    assert "egard" not in title
    assert " and " not in title


@pytest.mark.parametrize(
    "line",
    [
        "Ann: In terms of the conventions that I've adopted, there's no conflict with the bridge.",
        "Ann: The bridge which we have approved stands near the harbour.",
        "Ann: It has been four years since the bridge payment was approved.",
        "Ann: We all agree that bridges and harbours do extremely important work.",
        "Ann: They've agreed about bridges in other towns.",
        "Ann: Let's keep the pressure on the harbour office.",
    ],
)
def test_it_does_not_take_what_is_only_referred_to_for_decisions(line: str) -> None:
    assert items.decisions(meeting(line, "Bob: Fine.")) == []


def test_it_finds_a_decision_that_someone_states() -> None:
    corpus = meeting("Ann: So I can say that we've decided to keep the old bridge.", "Bob: Fine.")
    assert len(items.decisions(corpus)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "Ann: If you could send the draft contract to Bob.",
        "Ann: If you could maybe come up with shapes and colours.",
        "Ann: Can you tell the harbour office about the delay?",
        "Ann: Can you send me the harbour plan?",
        "Ann: Could you remind the harbour office, please?",
    ],
)
def test_it_finds_requests(line: str) -> None:
    assert len(items.actions(meeting(line, "Bob: Fine."))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "Ann: He is there to give advice and to check the harbour.",
        "Ann: That is what the Welsh Government needs to do for the harbour.",
        "Ann: If you go to the harbour, you will find many ferry tickets.",
        "Ann: I'll ask the minister a simpler harbour question.",
        "Ann: I will tell you the harbour ticket prices.",
        "Ann: Can you tell me why the harbour is closed?",
        "Ann: It is a ferry that I will try to expand.",
    ],
)
def test_it_takes_nothing_done_on_the_spot_for_an_action_item(line: str) -> None:
    assert items.actions(meeting(line, "Bob: Fine.")) == []


def test_it_names_no_owner_where_the_speaker_is_only_assumed() -> None:
    said = "I will send the harbour plan by Friday."
    assumed = corpus_of((Turn(0, "Ann", said, assumed=True), Turn(1, "Bob", "Fine.")))
    known = corpus_of((Turn(0, "Ann", said), Turn(1, "Bob", "Fine.")))
    unnamed = meeting(said, "Fine.")
    owners = [items.actions(corpus)[0].owner for corpus in (assumed, known, unnamed)]
    assert owners == [None, "Ann", None]


def test_it_scores_from_a_hundred_and_fifty_words_of_one_speaker() -> None:
    def scored(size: int) -> set[bool]:
        lines = ["Ann: " + " ".join(["The harbour needs a ferry."] * (size // 5)), "Bob: Yes."]
        return {one.score is not None for one in communication(meeting(*lines), silent).scores}

    assert scored(145) == {False}
    assert True in scored(150)


def test_it_quotes_nothing_for_what_is_absent_and_says_so_in_good_grammar() -> None:
    lines = ["Ann: " + "The harbour needs a ferry. " * 40, "Bob: " + "The ferry needs a harbour. " * 40]
    found = {one.name: one for one in communication(meeting(*lines), silent).scores}
    for name in ("clarity", "structure", "listening", "confidence", "inclusion", "tone"):
        assert found[name].evidence == [], name
    assert found["listening"].why == "No question was asked. No sentence takes up what another said."
    assert (
        found["inclusion"].why == "Ann spoke the most, 50 % of the words. No sentence asks others to speak."
    )
    assert found["tone"].why == "Of 80 sentences, 0 sound positive and 0 negative."


def test_it_counts_one_in_the_singular() -> None:
    lines = [
        "Ann: " + "The harbour needs a ferry. " * 40 + "Does it?",
        "Bob: I agree, that is what it needs.",
    ]
    found = {one.name: one for one in communication(meeting(*lines), silent).scores}
    assert found["listening"].why == "1 question was asked. 1 sentence takes up what another said."


def test_it_advises_only_where_there_is_something_to_improve() -> None:
    lines = ["Ann: " + "The harbour needs a ferry. " * 40, "Bob: " + "The ferry needs a harbour. " * 40]
    for one in communication(meeting(*lines), silent).scores:
        assert bool(one.advice) == (one.score is not None and one.score < GOOD), one.name


def test_it_leaves_short_words_of_other_languages() -> None:
    assert summary.readable("il a aussi de des le les", "fr") == "Il a aussi de des le les"
