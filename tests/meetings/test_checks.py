"""What is refused before a job is made, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.errors import SubmitError
from shipspeak.meetings import checks
from shipspeak.meetings.parsing import read_text
from shipspeak.meetings.schemas import MeetingInput
from tests.meetings.transcripts import FILES

REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \r\n\t\n", "empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty"),
    "a binary": (bytes(range(256)) * 20, "not text"),
    "a recording": (b"ID3\x04\x00\x00\x00\x00\x00\x23TSSE", "MP3"),
    "a document": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "Office"),
    "JSON": (b'{"turns": [{"text": "hello"}]}', "JSON"),
    "a caption file without cues": (b"WEBVTT\n\nNOTE nothing here\n", "spoken word"),
    "cues without words": (b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>[laughter]", "spoken word"),
    "names without words": (b"Ann:\nBob: {gap}\nAnn: ...", "spoken word"),
    "too many words": (b"Ann: " + b"word " * (3 * checks.MOST_WORDS + 1), "Split it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_a_file_and_says_why_and_what_is_accepted(name: str, tmp_path: Path) -> None:
    data, words = REFUSED[name]
    path = tmp_path / "meeting.vtt"
    path.write_bytes(data)
    with pytest.raises(SubmitError, match=words) as refused:
        checks.check_upload(path, "meeting.vtt")
    assert refused.value.errors[0]["path"] == "upload"
    assert "accepted" in refused.value.message or "at most" in refused.value.message


@pytest.mark.parametrize("name", ["standup.vtt", "review.srt", "plain.txt"])
def test_it_accepts_transcripts(name: str) -> None:
    checks.check_upload(FILES / name, name)


def test_it_finds_speech_that_begins_late_in_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "late.txt"
    path.write_text("Ann: {gap}\n" * 20_000 + "Bob: Hello.\n")
    checks.check_upload(path, "late.txt")
    path.write_text("Ann: {gap}\n" * 20_000)
    with pytest.raises(SubmitError, match="spoken word"):
        checks.check_upload(path, "late.txt")


def test_it_wants_a_file_or_a_text_and_not_both() -> None:
    checks.check_input(MeetingInput(), True)
    checks.check_input(MeetingInput(text="Ann: Hello."), False)
    for given, has_upload in ((MeetingInput(text=" "), False), (MeetingInput(text="Ann: Hi."), True)):
        with pytest.raises(SubmitError) as refused:
            checks.check_input(given, has_upload)
        assert refused.value.errors[0]["path"] == "input.text"


def test_it_refuses_pasted_text_without_a_spoken_word() -> None:
    with pytest.raises(SubmitError, match="spoken word"):
        checks.check_input(MeetingInput(text="[laughter]"), False)
    with pytest.raises(SubmitError, match="HTML"):
        checks.check_input(MeetingInput(text="<html><body>Hello"), False)


def test_it_leaves_a_long_silence_to_the_step(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("Ann: {gap}\n" * 80_000)
    checks.check_upload(path, "long.txt")


def test_it_refuses_too_much_in_the_step_whatever_slipped_through() -> None:
    assert checks.fault(read_text("Ann: " + "word " * checks.MOST_WORDS)) == ""
    assert "words" in checks.fault(read_text("Ann: " + "word " * (checks.MOST_WORDS + 1)))
    assert "characters" in checks.fault(read_text("Ann: " + "a" * (checks.MOST_CHARACTERS + 1)))


def test_it_refuses_more_turns_and_speakers_than_a_page_can_show() -> None:
    turns = "Ann: Yes, let us do that.\nBob: No, I would not do that.\n"
    assert checks.fault(read_text(turns * 100)) == ""
    assert "turns" in checks.fault(read_text(turns * checks.MOST_TURNS))
    many = "".join(f"Ann{number}: hi there\n" for number in range(checks.MOST_SPEAKERS + 1))
    assert "1,001 speakers" in checks.fault(read_text(many * 2))
