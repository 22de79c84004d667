"""Factories of transcripts and corpora."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from shipspeak.meetings import corpus
from shipspeak.meetings.corpus import Corpus
from shipspeak.meetings.parsing import Transcript, Turn, read_text

FILES = Path(__file__).parent / "files"


def silent(fraction: float, stage: str = "", **quality: float) -> None:
    """A report that nobody reads."""


def transcript(*lines: str) -> Transcript:
    """A transcript from lines of text."""
    return read_text("\n".join(lines))


def turns(*said: tuple[str | None, str] | tuple[str | None, str, float, float]) -> tuple[Turn, ...]:
    """Turns from (speaker, text) or (speaker, text, start, end)."""
    return tuple(Turn(index, *one) for index, one in enumerate(said))


def corpus_of(found: tuple[Turn, ...], language: str = "en") -> Corpus:
    """The corpus of turns."""
    return corpus.build(found, language, corpus.cut(found, language, silent))


def meeting(*lines: str, language: str = "en") -> Corpus:
    """The corpus of lines of text."""
    return corpus_of(transcript(*lines).turns, language)


def vtt(*cues: str) -> bytes:
    """A WebVTT file with these cues."""
    return "\n\n".join(["WEBVTT", *cues]).encode()


def codes(found: Transcript) -> Counter[str]:
    """The problems of a transcript by code."""
    return Counter({problem.code: problem.count for problem in found.problems})
