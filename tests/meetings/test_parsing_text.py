"""Plain text in the forms that people and services write it."""

from __future__ import annotations

import pytest

from shipspeak.meetings.parsing import read
from tests.meetings.transcripts import FILES, codes, transcript

SAME = [
    ["Ann Lee: Hello there", "Bob: Hi"],
    ["Ann Lee : Hello there", "Bob : Hi"],
    ["**Ann Lee:** Hello there", "**Bob:** Hi"],
    [">> Ann Lee: Hello there", ">> Bob: Hi"],
    ["Ann Lee：Hello there", "Bob：Hi"],
    ["- Ann Lee: Hello there", "- Bob: Hi"],
    ["Ann Lee:", "Hello there", "", "Bob:", "Hi"],
]
TIMED = [
    ["[00:00:03] Ann Lee: Hello there", "[00:00:09] Bob: Hi"],
    ["00:03 Ann Lee: Hello there", "00:09 Bob: Hi"],
    ["(00:03) Ann Lee: Hello there", "(00:09) Bob: Hi"],
    ["Ann Lee (00:03): Hello there", "Bob (00:09): Hi"],
    ["Ann Lee [0:03]: Hello there", "Bob [0:09]: Hi"],
    ["Ann Lee: [00:03] Hello there", "Bob: [00:09] Hi"],
    ["Ann Lee  0:03", "Hello there", "", "Bob  0:09", "Hi"],
    ["[Ann Lee] 00:00:03", "Hello there", "[Bob] 00:00:09", "Hi"],
    ["00:00:03", "Ann Lee: Hello there", "00:00:09", "Bob: Hi"],
]


@pytest.mark.parametrize("lines", SAME, ids=lambda lines: lines[0])
def test_it_reads_names_however_they_are_written(lines: list[str]) -> None:
    found = [(turn.speaker, turn.text, turn.start) for turn in transcript(*lines).turns]
    assert found == [("Ann Lee", "Hello there", None), ("Bob", "Hi", None)]


@pytest.mark.parametrize("lines", TIMED, ids=lambda lines: lines[0])
def test_it_reads_times_however_they_are_written(lines: list[str]) -> None:
    found = [(turn.speaker, turn.text, turn.start) for turn in transcript(*lines).turns]
    assert found == [("Ann Lee", "Hello there", 3.0), ("Bob", "Hi", 9.0)]


def test_it_reads_ranges_of_time_as_captions() -> None:
    found = transcript("[00:00.000 --> 00:04.000]  Hello there", "[00:04.000 --> 00:06.000]  my friends.")
    assert [(turn.text, turn.start, turn.end) for turn in found.turns] == [
        ("Hello there my friends.", 0.0, 6.0)
    ]


def test_it_leaves_headings_out_and_says_so() -> None:
    found = read((FILES / "plain.txt").read_bytes())
    assert {turn.speaker for turn in found.turns} == {"Ms. Rosa Klein (Chair)", "Tom", "Uma O'Neill"}
    assert codes(found) == {"preamble": 2}
    assert found.understood == 1.0


def test_it_tells_words_with_colons_from_names() -> None:
    found = transcript(
        "Ann: See https://example.org: it is there",
        "https://example.org/x: see",
        "Meeting time: 10:00 as always",
        "Bob: Note: this is important",
        "Link: https://example.org",
        "Ann: At 12:30 we leave",
    )
    assert {turn.speaker for turn in found.turns} == {"Ann", "Bob"}
    assert "Note: this is important" in next(turn.text for turn in found.turns if turn.speaker == "Bob")


def test_it_reads_names_with_colons_in_them() -> None:
    found = transcript("Dr. X: Y: hello", "Ann: hi", "Dr. X: Y: goodbye")
    assert [turn.speaker for turn in found.turns] == ["Dr. X: Y", "Ann", "Dr. X: Y"]
    found = transcript("Ann (Team: Blue): hello", "Bob: hi")
    assert [turn.speaker for turn in found.turns] == ["Ann (Team: Blue)", "Bob"]


def test_it_reads_names_in_lower_case_and_other_scripts() -> None:
    assert [turn.speaker for turn in transcript("ann: hi", "bob: ho", "ann: yes").turns] == [
        "ann",
        "bob",
        "ann",
    ]
    assert [turn.speaker for turn in transcript("王: 你好", "李：好的").turns] == ["王", "李"]
    assert [turn.speaker for turn in transcript("Анна: Привет", "Борис: Да").turns] == ["Анна", "Борис"]


def test_it_reads_a_hundred_speakers_with_offices() -> None:
    names = [f"Hon. Ada Number{n} (Minister of Place {n}, Lib.)" for n in range(100)]
    found = transcript(*(f"{name}: I rise to speak on this." for name in names))
    assert [turn.speaker for turn in found.turns] == names


def test_it_reads_prose_as_turns_of_nobody_and_joins_wrapped_lines() -> None:
    found = transcript("We met on Monday and we", "talked about the garden.", "Then we left.")
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        (None, "We met on Monday and we talked about the garden."),
        (None, "Then we left."),
    ]
    assert codes(found) == {"unnamed": 2}


def test_it_decodes_entities_and_drops_invisible_characters() -> None:
    found = transcript("Ann: R&amp;D is &quot;fine&quot;\u200b", "Bob: \u202eyes\u202c")
    assert [turn.text for turn in found.turns] == ['R&D is "fine"', "yes"]


def test_it_drops_control_characters_that_hide_in_entities() -> None:
    assert transcript("Ann: a&#1;b&#x202e;c", "Bob: d&#xD800;e").turns[0].text == "abc"


def test_it_reads_western_encodings_and_says_so() -> None:
    found = read("Zoë: Déjà vu, n’est-ce pas?\nBob: Naïve".encode("cp1252"))
    assert [turn.speaker for turn in found.turns] == ["Zoë", "Bob"]
    assert found.turns[0].text == "Déjà vu, n’est-ce pas?"
    assert codes(found) == {"encoding": 1}


def test_it_counts_times_that_go_backwards() -> None:
    assert codes(transcript("[00:09] Ann: Hello", "[00:03] Bob: Hi")) == {"order": 1}


BRACKETED = [
    ["[ANN LEE] Hello there", "[BOB] Hi", "[ANN LEE] Bye", "[BOB] Yes"],
    ["[ANN LEE]: Hello there", "[BOB]: Hi", "[ANN LEE]: Bye", "[BOB]: Yes"],
    ["[00:02] [ANN LEE] Hello there", "[00:05] [BOB] Hi", "[00:07] [ANN LEE] Bye", "[00:09] [BOB] Yes"],
    ["[00:02] [ANN LEE]: Hello there", "[00:05] [BOB]: Hi", "[00:07] [ANN LEE]: Bye", "[00:09] BOB: Yes"],
    ["[00:02] ANN LEE: Hello there", "[00:05] BOB: Hi", "[00:07] ANN LEE: Bye", "[00:09] BOB: Yes"],
    ["ANN LEE: Hello there", "BOB: Hi", "[ANN LEE] Bye", "BOB: Yes"],
]  # fmt: skip


@pytest.mark.parametrize("lines", BRACKETED, ids=lambda lines: lines[0])
def test_it_reads_names_in_brackets(lines: list[str]) -> None:
    found = transcript(*lines)
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("ANN LEE", "Hello there"),
        ("BOB", "Hi"),
        ("ANN LEE", "Bye"),
        ("BOB", "Yes"),
    ]
    assert [turn.start for turn in found.turns] == (
        [2, 5, 7, 9] if lines[0].startswith("[00") else [None] * 4
    )


@pytest.mark.parametrize(
    "noise", ["[laughter]", "[Laughter]", "[Music playing]", "{disfmarker}", "[Applause]"]
)
def test_it_never_takes_noises_for_names(noise: str) -> None:
    found = transcript(
        "Ann: Hello there.", f"{noise} and so on", f"{noise} and on", "Bob: Hi.", f"{noise} well"
    )
    assert {turn.speaker for turn in found.turns} == {"Ann", "Bob"}
    alone = transcript(f"{noise} and so on.", f"{noise} and on.", f"{noise} well.")
    assert {turn.speaker for turn in alone.turns} == {None}


def test_it_takes_a_bracketed_word_that_comes_once_for_no_name() -> None:
    found = transcript(
        "Ann: Hello there.", "[Thursday] we meet again.", "[Berlin] is where.", "Bob: Hi.", "Ann: So."
    )
    assert {turn.speaker for turn in found.turns} == {"Ann", "Bob"}


@pytest.mark.parametrize(
    ("names", "united"),
    [
        (["The Chair", "The Chair (Hon. Ada Lee (North, Lib.))"], {"The Chair (Hon. Ada Lee (North, Lib.))"}),
        (["The Chair", "The Chair (A. Lee)", "The Chair (B. Moe)"], None),
        (["Mr. Roe (North)", "Mr. Roe (South)"], None),
        (["Ann", "Anna (Chair)"], None),
    ],
)
def test_it_unites_a_label_with_the_same_in_parentheses(names: list[str], united: set[str] | None) -> None:
    found = transcript(*(f"{name}: I rise to speak." for name in names * 2))
    assert {turn.speaker for turn in found.turns} == (united or set(names))


def test_it_marks_a_timed_line_without_a_name_as_assumed() -> None:
    found = transcript("[00:01] Ann: Hello.", "[00:04] I will go.", "[00:09] Bob: Hi.")
    assert [(turn.speaker, turn.assumed) for turn in found.turns] == [
        ("Ann", False),
        ("Ann", True),
        ("Bob", False),
    ]
