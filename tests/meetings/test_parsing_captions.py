"""WebVTT and SubRip, well-formed and not."""

from __future__ import annotations

import pytest

from shipspeak.meetings.parsing import read
from tests.meetings.transcripts import FILES, codes, vtt


def test_it_reads_voices_times_and_entities_of_webvtt() -> None:
    found = read((FILES / "standup.vtt").read_bytes())
    assert found.format == "vtt"
    assert [turn.speaker for turn in found.turns[:3]] == ["Ann Lee", "Bob Stone", "Carla Díaz"]
    assert found.turns[0].text.endswith("then the budget & the hiring plan.")
    assert (found.turns[0].start, found.turns[0].end) == (2.0, 11.0)
    assert found.duration == 78.0
    assert found.problems == ()
    assert found.understood == 1.0


def test_it_reads_names_in_the_text_of_subrip() -> None:
    found = read((FILES / "review.srt").read_bytes())
    assert found.format == "srt"
    assert {turn.speaker for turn in found.turns} == {"Dana Okafor", "Eli", "Farid"}
    assert "goes to the top of the page" in found.turns[2].text
    assert found.turns[4].start == 23.0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_it_reads_the_same_from_any_encoding_and_line_break(encoding: str, line_break: str) -> None:
    text = (FILES / "standup.vtt").read_text("utf-8")
    found = read(text.replace("\n", line_break).encode(encoding))
    assert found == read(text.encode())


def test_it_sorts_cues_and_says_so() -> None:
    found = read(
        vtt(
            "00:00:09.000 --> 00:00:10.000\n<v Ann>Last words.",
            "00:00:01.000 --> 00:00:02.000\n<v Bob>First words.",
        )
    )
    assert [turn.text for turn in found.turns] == ["First words.", "Last words."]
    assert codes(found) == {"order": 1}


def test_it_keeps_overlapping_turns_apart() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:05.000\n<v Ann>I was saying that we",
            "00:00:03.000 --> 00:00:06.000\n<v Bob>No, wait a moment.",
        )
    )
    assert [(turn.start, turn.end) for turn in found.turns] == [(1.0, 5.0), (3.0, 6.0)]


def test_it_divides_a_cue_between_the_voices_in_it() -> None:
    found = read(vtt("00:00:00.000 --> 00:00:04.000\n<v Ann>Four</v>\n<v Bob>Five</v>"))
    assert [(turn.speaker, turn.start, turn.end) for turn in found.turns] == [("Ann", 0, 2), ("Bob", 2, 4)]
    assert codes(found) == {"shared": 1}


def test_it_takes_an_end_before_its_start_as_unknown() -> None:
    found = read(vtt("00:00:05.000 --> 00:00:04.000\n<v Ann>Backwards."))
    assert found.turns[0].end is None
    assert codes(found) == {"times": 1}


def test_it_reads_a_file_that_breaks_the_rules_line_by_line() -> None:
    found = read(
        b"WEBVTT\n00:01 --> 00:02\nAnn: hello there\n0:03.5 -> 0:04\nBob: hi\n\nNOTE nothing\nat all\n\n"
        b"7\n00:00:05,000 --> 00:00:06,000\nAnn: bye\n"
    )
    assert [(turn.speaker, turn.text, turn.start) for turn in found.turns] == [
        ("Ann", "hello there", 1.0),
        ("Bob", "hi", 3.5),
        ("Ann", "bye", 5.0),
    ]
    assert codes(found)["rules"] == 1
    assert found.understood == 1.0


def test_it_counts_lines_that_belong_to_no_cue() -> None:
    found = read(b"1\n00:00:01,000 -> 00:00:02,000\nAnn: hello\n\n2\n00:00:03,000 -> x\n")
    assert found.understood == 1.0
    found = read(b"stray\n\n1\n00:00:01,0 --> 00:00:02,0\nAnn: hello\nBob: hi\n")
    assert codes(found)["lines"] == 1
    assert found.understood < 1.0


def test_it_joins_cues_of_one_speaker_up_to_a_pause() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\n<v Ann>We could",
            "00:00:02.000 --> 00:00:03.000\n<v Ann>start now.",
            "00:00:09.000 --> 00:00:10.000\n<v Ann>Later on.",
        )
    )
    assert [turn.text for turn in found.turns] == ["We could start now.", "Later on."]


def test_it_drops_what_rolling_captions_repeat() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\nwe talk about the plan",
            "00:00:02.000 --> 00:00:03.000\nwe talk about the plan\nand about the money",
        )
    )
    assert found.turns[0].text == "we talk about the plan and about the money"
    assert codes(found)["repeated"] == 1


def test_it_gives_a_cue_without_a_name_to_the_speaker_before() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\nANN: Good morning.",
            "00:00:05.000 --> 00:00:06.000\nLet us start.",
            "00:00:06.000 --> 00:00:07.000\nBOB: Yes.",
            "00:00:09.000 --> 00:00:10.000\nANN: Fine.",
        )
    )
    assert [turn.speaker for turn in found.turns] == ["ANN", "ANN", "BOB", "ANN"]
    assert codes(found)["assumed"] == 1


def test_it_leaves_speakers_unnamed_where_the_file_names_none() -> None:
    found = read(vtt("00:00:01.000 --> 00:00:02.000\nHello there.", "00:00:05.000 --> 00:00:06.000\nHi."))
    assert {turn.speaker for turn in found.turns} == {None}
    assert codes(found) == {"unnamed": 2}


def test_it_strips_styling_and_keeps_what_only_looks_like_a_tag() -> None:
    found = read(vtt("00:00:01.000 --> 00:00:02.000\n<v.loud Ann><c.red><i>If a &lt; b</i></c> & c <d> e"))
    assert found.turns[0].text == "If a < b & c <d> e"


def test_it_finds_speakers_in_tags_and_in_labels_of_one_file() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\n<v Ann>Good morning.",
            "00:00:05.000 --> 00:00:06.000\nBob: Good morning, Ann.",
            "00:00:09.000 --> 00:00:10.000\nAnn: Shall we start?",
            "00:00:13.000 --> 00:00:14.000\nBob: Yes.",
        )
    )
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("Ann", "Good morning."),
        ("Bob", "Good morning, Ann."),
        ("Ann", "Shall we start?"),
        ("Bob", "Yes."),
    ]


def test_it_believes_a_label_that_a_tag_names_among_many_lines_without() -> None:
    unnamed = [
        f"00:00:{10 + 3 * place}.000 --> 00:00:{11 + 3 * place}.000\nso it goes." for place in range(15)
    ]
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\n<v ann>Good morning.",
            "00:00:05.000 --> 00:00:06.000\nann: Shall we start?",
            *unnamed,
        )
    )
    assert [turn.speaker for turn in found.turns[:2]] == ["ann", "ann"]


def test_it_leaves_a_cue_after_a_tag_unnamed() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\n<v Ann>Good morning.",
            "00:00:05.000 --> 00:00:06.000\nWho is there?",
        )
    )
    assert [turn.speaker for turn in found.turns] == ["Ann", None]
    assert codes(found) == {"unnamed": 1}


def test_it_takes_a_dash_for_a_change_of_speaker_and_does_not_show_it() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:03.000\n- Ann: Good morning.\n- Who is there?",
            "00:00:05.000 --> 00:00:06.000\n- Bob: It is me.",
            "00:00:09.000 --> 00:00:10.000\n<v Ann>- Come in.",
        )
    )
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("Ann", "Good morning."),
        (None, "Who is there?"),
        ("Bob", "It is me."),
        ("Ann", "Come in."),
    ]


def test_it_counts_text_outside_of_webvtt_cues() -> None:
    lines = "00:00:01.000 --> 00:00:02.000\n<v Ann>Good morning."
    found = read(vtt(lines, "This stands alone.\nSo does this.", "NOTE and this is\na comment"))
    assert [turn.text for turn in found.turns] == ["Good morning."]
    assert codes(found) == {"lines": 2}
    assert found.understood == pytest.approx(5 / 7, abs=1e-3)
    assert "2 lines of text belong to no caption" in found.problems[0].message


def test_it_takes_identifiers_headers_and_styles_for_no_lost_text() -> None:
    found = read(
        b"WEBVTT - x\nKind: captions\nLanguage: en\n\nSTYLE\n::cue { color: red }\n\n"
        b"intro\n00:00:01.000 --> 00:00:02.000\n<v Ann>Good morning.\n"
    )
    assert codes(found) == {}
    assert found.understood == 1.0


def test_it_counts_text_before_the_first_subrip_cue() -> None:
    found = read(b"Made by a machine\nin a hurry\n\n1\n00:00:01,000 --> 00:00:02,000\nAnn: hello\n")
    assert codes(found) == {"lines": 2}
    assert found.understood == 0.6


def test_it_keeps_text_after_a_blank_line_in_a_subrip_cue() -> None:
    found = read(
        b"1\n00:00:01,000 --> 00:00:02,000\nAnn: hello\n\nyou\n\n2\n00:00:05,000 --> 00:00:06,000\nBob: hi\n"
    )
    assert [turn.text for turn in found.turns] == ["hello you", "hi"]
    assert found.understood == 1.0


def test_it_marks_speakers_that_are_only_assumed() -> None:
    found = read(
        vtt(
            "00:00:01.000 --> 00:00:02.000\nANN: Good morning.",
            "00:00:02.000 --> 00:00:03.000\nI will bring the",
            "00:00:03.000 --> 00:00:04.000\nplan.",
            "00:00:04.000 --> 00:00:05.000\nBOB: I will",
            "00:00:05.000 --> 00:00:06.000\nread it.",
        )
    )
    assert [(turn.speaker, turn.text, turn.assumed) for turn in found.turns] == [
        ("ANN", "Good morning.", False),
        ("ANN", "I will bring the plan.", True),
        ("BOB", "I will read it.", False),
    ]
