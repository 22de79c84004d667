"""Numbers of each speaker: counted where they can be, absent with a reason where not."""

from __future__ import annotations

import pytest

from shipspeak.meetings import intervals, numbers
from shipspeak.meetings.numbers import Numbers
from shipspeak.meetings.schemas import SpeakerNumbers
from tests.meetings.transcripts import transcript, turns

TIMED = turns(
    ("Ann", "Um, so I think we might start now?", 0.0, 4.0),
    ("Bob", "Yes please, go on.", 3.0, 6.0),
    ("Ann", "Good. Um, uh, then we start with the list.", 16.0, 26.0),
)


def counted(found: Numbers) -> dict[str | None, SpeakerNumbers]:
    return {speaker.name: speaker for speaker in found.speakers}


def test_it_counts_what_times_tell() -> None:
    found = numbers.numbers(TIMED, "en")
    ann, bob = counted(found)["Ann"], counted(found)["Bob"]
    assert found.meeting.share_basis == "time"
    assert ann.share == pytest.approx(14 / 17, abs=1e-3)
    assert ann.talk_seconds.value == 14.0
    assert ann.words_per_minute.value == pytest.approx(17 / 14 * 60, abs=0.01)
    assert bob.interruptions.value == 1
    assert ann.interruptions.value == 0
    assert found.meeting.silence_seconds.value == 10.0
    assert found.meeting.longest_silence_seconds.value == 10.0
    assert found.meeting.overlap_seconds.value == 1.0


def test_it_counts_what_words_tell() -> None:
    ann = counted(numbers.numbers(TIMED, "en"))["Ann"]
    assert (ann.turns, ann.words, ann.questions.value) == (2, 17, 1)
    assert ann.fillers_per_100.value == pytest.approx(100 * 3 / 17, abs=0.01)
    assert ann.hedges_per_100.value == pytest.approx(100 * 2 / 17, abs=0.01)
    assert [(one.word, one.count) for one in ann.filler_words] == [("um", 2), ("uh", 1)]
    assert (ann.longest_turn, ann.longest_turn_words, ann.longest_turn_seconds.value) == (2, 9, 10.0)


def test_it_says_why_it_knows_nothing_of_time_without_times() -> None:
    found = numbers.numbers(transcript("Ann: Hello there, Bob.", "Bob: Hi.").turns, "en")
    ann = counted(found)["Ann"]
    assert found.meeting.share_basis == "words"
    assert ann.share == 0.75
    for measure in (ann.words_per_minute, ann.talk_seconds, ann.interruptions, ann.longest_turn_seconds):
        assert (measure.value, measure.why) == (None, numbers.NO_TIMES)
    assert found.meeting.silence_seconds.why == numbers.NO_TIMES


def test_it_does_not_guess_ends_from_the_next_beginning() -> None:
    found = numbers.numbers(transcript("[00:01] Ann: Hello there.", "[00:09] Bob: Hi.").turns, "en")
    assert counted(found)["Ann"].words_per_minute.why == numbers.NO_ENDS
    assert found.meeting.share_basis == "words"


def test_it_does_not_claim_that_nobody_interrupts_where_no_turn_overlaps() -> None:
    apart = turns(("Ann", "One two three.", 0.0, 1.0), ("Bob", "Four five six.", 1.0, 2.0))
    found = numbers.numbers(apart, "en")
    assert counted(found)["Bob"].interruptions.why == numbers.NO_OVERLAP
    assert found.meeting.overlap_seconds.value is None


def test_it_takes_short_words_over_another_as_listening() -> None:
    over = turns(("Ann", "I was about to say that it works.", 0.0, 5.0), ("Bob", "Mm-hmm.", 2.0, 2.5))
    assert counted(numbers.numbers(over, "en"))["Bob"].interruptions.value == 0


def test_it_uses_english_lists_for_english_only() -> None:
    ann = counted(numbers.numbers(transcript("Ann: Äh, vielleicht fangen wir an.").turns, "de"))["Ann"]
    assert ann.fillers_per_100.value is None
    assert "German" in ann.fillers_per_100.why
    assert ann.filler_words == []
    assert ann.words == 5


def test_it_counts_no_pace_where_words_can_not_be_counted() -> None:
    found = numbers.numbers(turns(("王", "我们开始吧。", 0.0, 3.0)), "zh")
    assert counted(found)["王"].words_per_minute.why == numbers.NO_SPACES


def test_it_counts_no_questions_without_punctuation() -> None:
    found = numbers.numbers(transcript("Ann: how are you", "Bob: fine and you").turns, "en")
    assert counted(found)["Ann"].questions.why == numbers.NO_MARKS


def test_it_counts_turns_in_a_row_as_one_and_orders_by_share() -> None:
    found = numbers.numbers(
        transcript("Bob: Yes.", "Ann: One two.", "Ann: Three four.", "Bob: No.").turns, "en"
    )
    assert [speaker.name for speaker in found.speakers] == ["Ann", "Bob"]
    assert found.speakers[0].turns == 1
    assert found.speakers[0].longest_turn_words == 4


def test_it_measures_balance_between_one_alone_and_all_alike() -> None:
    def balance(*lines: str) -> float | None:
        return numbers.numbers(transcript(*lines).turns, "en").meeting.balance.value

    assert balance("Ann: One two.", "Bob: Three four.") == 1.0
    assert balance("Ann: One.", f"Bob: {'word ' * 99}.") == pytest.approx(0.08, abs=0.01)
    assert balance("Ann: All alone here.") is None


def test_it_keeps_what_nobody_is_named_for_apart() -> None:
    found = numbers.numbers(turns((None, "Hello there."), ("Ann", "Hi.")), "en")
    assert found.meeting.speakers == 1
    assert counted(found)[None].words == 2


def test_it_survives_turns_without_words() -> None:
    ann = counted(numbers.numbers(transcript("Ann: {vocalsound}", "Bob: Hello.").turns, "en"))["Ann"]
    assert (ann.words, ann.share, ann.fillers_per_100.why) == (0, 0.0, numbers.NO_WORDS)


def test_it_unites_stretches_of_time() -> None:
    assert intervals.union([(3, 5), (0, 2), (1, 2.5), (5, 6)]) == [(0, 2.5), (3, 6)]
    assert intervals.silences([(0, 2), (1, 3), (10, 11)]) == [7]
