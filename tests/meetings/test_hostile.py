"""Whatever the bytes, reading ends in a transcript or in a refusal that explains itself."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import SubmitError
from shipspeak.meetings import checks
from shipspeak.meetings.numbers import numbers
from shipspeak.meetings.parsing import Transcript, Unreadable, read, read_text
from shipspeak.meetings.parsing.sniff import sniff
from tests.meetings.transcripts import corpus_of

TIMES = st.sampled_from(["00:00:01.000", "00:02", "0:0:3,5", "99:99", "1:2:3:4", "٠٠:٠١", "x", ""])
ARROWS = st.sampled_from([" --> ", " -> ", "-->", " – > ", " "])
TIMINGS = st.builds(lambda start, arrow, end: f"{start}{arrow}{end}", TIMES, ARROWS, TIMES)
NAMES = st.sampled_from(
    ["Ann:", "Dr. X: Y:", "<v Bob>", "[Ann] ", "Ann (00:03):", "[00:01]", "http://a:", ": "]
)
WORDS = st.text(max_size=40) | st.sampled_from(
    ["Hello &amp; bye", "{vocalsound}", "<b", "你好。", "NOTE", "7"]
)
LINES = TIMINGS | WORDS | st.builds(lambda name, words: f"{name} {words}", NAMES, WORDS)
BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\u2028"])
HEADERS = st.sampled_from(["", "WEBVTT\n\n", "WEBVTT - x\n", "\ufeff", "1\n"])
FILES = st.builds(lambda header, join, lines: header + join.join(lines), HEADERS, BREAKS, st.lists(LINES))


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_it_survives_any_bytes(data: bytes) -> None:
    assert (_read_or_refused(data) is None) <= (sniff(data) is None)


@given(FILES, st.sampled_from(["utf-8", "utf-16", "cp1252"]))
@settings(max_examples=300, deadline=None)
def test_it_survives_any_mess_of_captions_and_text(text: str, encoding: str) -> None:
    found = _read_or_refused(text.encode(encoding, "replace"))
    if found:
        _is_sound(found)


@given(FILES)
@settings(deadline=None)
def test_it_counts_whatever_it_reads(text: str) -> None:
    try:
        found = read_text(text)
    except Unreadable:
        return
    counted = numbers(found.turns, "en")
    assert abs(sum(speaker.share for speaker in counted.speakers) - 1) < 0.01 or not counted.meeting.words
    for sentence in corpus_of(found.turns).sentences:
        assert found.turns[sentence.turn].text[sentence.start : sentence.end] == sentence.text


PATTERNS = {
    "spaces in a tag": ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v ", " ", "x"),
    "blank lines": ("0:01 --> 0:02\nhi", "\n", "x"),
    "blank lines in a file that keeps to the rules": (
        "1\n00:00:00,000 --> 00:00:01,000\nAnn: hi there you all\n",
        "\n",
        "x\n",
    ),
    "underscores": ("Ann: hi ", "_", ""),
    "open tags": ("Ann: ", "<v ", ""),
    "colons": ("Ann: ", ":", ""),
    "labels": ("", "a: \n", ""),
    "brackets": ("", "(", ""),
    "dots": ("Ann: a", ".", ""),
    "quotes": ("Ann: hi.", '"', ""),
    "times": ("", "0:0 --> 0:0\n", ""),
    "stars": ("", "**a", ""),
    "one word": ("Ann: ", "a", ""),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", PATTERNS)
def test_it_reads_long_repetitions_in_linear_time(name: str) -> None:
    begin, middle, end = PATTERNS[name]
    found = read_text(begin + middle * (400_000 // len(middle)) + end)
    corpus_of(found.turns)


@pytest.mark.parametrize("bytes_", [b"\x81", b"ab ", b"\r\n", "\u200b".encode(), b"\xc2\x85"])
def test_a_request_takes_no_more_memory_than_some_copies_of_its_file(tmp_path: Path, bytes_: bytes) -> None:
    """Of a file whose beginning is fine, so that all of it is looked at."""
    beginning = b"Ann: hello there, this is what I say\n" * 2000
    path = tmp_path / "talk"
    path.write_bytes(beginning + bytes_ * (4_000_000 // len(bytes_)))
    tracemalloc.start()
    try:
        with suppress(SubmitError):
            checks.check_upload(path, "talk.txt")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 12 * path.stat().st_size


def _read_or_refused(data: bytes) -> Transcript | None:
    """The transcript, or None when it was refused with a sentence that says what is accepted."""
    try:
        return read(data)
    except Unreadable as error:
        refusal = str(error)
    assert "accepted" in refusal
    return None


def _is_sound(found: Transcript) -> None:
    assert [turn.index for turn in found.turns] == list(range(len(found.turns)))
    assert 0 <= found.understood <= 1
    for turn in found.turns:
        assert turn.text == " ".join(turn.text.split())
        assert turn.text
        assert "\x00" not in turn.text + (turn.speaker or "")
        assert turn.end is None or turn.start is None or turn.end >= turn.start
    for problem in found.problems:
        assert problem.count > 0
        assert "{" not in problem.message


@pytest.mark.parametrize("reference", ["&#" + "9" * 5000 + ";", "&#x" + "f" * 5000 + ";", "&#99999999;"])
def test_it_leaves_references_to_no_character_as_they_are(reference: str) -> None:
    found = read_text(f"Ann: before {reference} after &amp; &#38; so on\nBob: yes\n")
    assert reference in found.turns[0].text
    assert "& & so on" in found.turns[0].text
