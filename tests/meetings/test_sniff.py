"""What a file is, by its content."""

from __future__ import annotations

import pytest

from shipspeak.meetings.parsing import Unreadable, read
from shipspeak.meetings.parsing.sniff import SRT, TEXT, VTT, sniff
from tests.meetings.transcripts import FILES

NOT_TRANSCRIPTS = {
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "ZIP": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "MP3": b"ID3\x04\x00\x00\x00\x00\x00\x23TSSE\x00",
    "video": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00",
    "PNG": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "RTF": b"{\\rtf1\\ansi Hello}",
}


def test_it_knows_the_three_formats_by_their_content() -> None:
    assert sniff((FILES / "standup.vtt").read_bytes()) == VTT
    assert sniff((FILES / "review.srt").read_bytes()) == SRT
    assert sniff((FILES / "plain.txt").read_bytes()) == TEXT


def test_it_knows_captions_without_a_header() -> None:
    assert sniff(b"00:00:01.000 --> 00:00:02.000\nHello") == VTT
    assert sniff(b"1\n00:00:01.000 --> 00:00:02.000\nHello") == SRT


@pytest.mark.parametrize("name", NOT_TRANSCRIPTS)
def test_it_refuses_other_files_and_names_what_they_are(name: str) -> None:
    data = NOT_TRANSCRIPTS[name]
    assert sniff(data) is None
    with pytest.raises(Unreadable, match=name):
        read(data)


@pytest.mark.parametrize("data", [b"", b"  \n", b'{"turns": []}', b'[{"a": 1}]', b"<!DOCTYPE html><p>Hi"])
def test_it_refuses_what_is_empty_or_structured(data: bytes) -> None:
    assert sniff(data) is None


def test_it_refuses_random_bytes() -> None:
    data = bytes(range(256)) * 8
    assert sniff(data) is None
    with pytest.raises(Unreadable, match="not text"):
        read(data)


def test_it_is_not_fooled_by_words_that_binaries_begin_with() -> None:
    assert sniff(b"MZ: hello\nPK: hi") == TEXT


def test_it_judges_a_beginning_that_is_cut_inside_a_character() -> None:
    data = "Zoë: été ".encode() * 10_000
    assert sniff(data[: 65_536 + 1]) == TEXT
