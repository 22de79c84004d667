"""What a transcript is, once read: turns, and the problems met on the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

SENTENCES: dict[str, tuple[str, str]] = {
    "encoding": (
        "The file is not UTF-8; it was read as Western European text.",
        "The file is not UTF-8; it was read as Western European text.",
    ),
    "characters": (
        "1 character could not be decoded and is shown as “�”.",
        "{count} characters could not be decoded and are shown as “�”.",
    ),
    "rules": (
        "The file does not keep to the rules of its format; it was read line by line.",
        "The file does not keep to the rules of its format; it was read line by line.",
    ),
    "lines": (
        "1 line of text belongs to no caption and was left out.",
        "{count} lines of text belong to no caption and were left out.",
    ),
    "preamble": (
        "1 line before the first speaker was taken as a heading and left out.",
        "{count} lines before the first speaker were taken as headings and left out.",
    ),
    "empty": ("1 cue has no words.", "{count} cues have no words."),
    "order": (
        "1 passage was out of order in time.",
        "{count} passages were out of order in time.",
    ),
    "times": (
        "1 passage ends before it begins; its end is taken as unknown.",
        "{count} passages end before they begin; their ends are taken as unknown.",
    ),
    "shared": (
        "1 cue holds several speakers; its time was divided between them by length.",
        "{count} cues hold several speakers; their time was divided between them by length.",
    ),
    "repeated": (
        "1 caption repeats the one before it; what repeats was dropped.",
        "{count} captions repeat the one before them; what repeats was dropped.",
    ),
    "assumed": (
        "1 passage names no speaker and was given to the speaker before it.",
        "{count} passages name no speaker and were given to the speaker before them.",
    ),
    "unnamed": ("1 turn names no speaker.", "{count} turns name no speaker."),
}
"""By code, the sentence for one and for several."""


LEAD = re.compile(r"^(?:>>+\s*|[-–—•*](?:\s+|$))")
"""What captions and lists put before the words of a speaker."""


class Unreadable(Exception):
    """The bytes are no transcript; the message says what they are instead, and what is accepted."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said in one go.

    Args:
        index: place in the transcript, from 0; what evidence and links refer to.
        speaker: their name, or None where the transcript names nobody.
        text: the words as written, on one line, markup removed.
        start: seconds from the transcript's zero, or None where unknown.
        end: the same for the last word.
        assumed: whether the file names nobody here, and the speaker is only the one before.
    """

    index: int
    speaker: str | None
    text: str
    start: float | None = None
    end: float | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about the file that a reader of the report should know."""

    code: str
    message: str
    count: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """A piece of speech as the file has it, not yet a turn. ``text`` may have several lines.

    ``assumed``: the file names nobody here, and the speaker is only the one before.
    """

    speaker: str | None
    text: str
    start: float | None = None
    end: float | None = None
    assumed: bool = False


@dataclass(slots=True)
class Reading:
    """What a reader made of a file: its utterances, how many lines it understood, what was odd."""

    utterances: list[Utterance]
    lines: int
    understood: int
    odd: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole meeting, read.

    Args:
        format: ``vtt``, ``srt`` or ``text``.
        turns: in the order of time.
        problems: what was odd about the file.
        understood: share, 0..1, of its lines that could be read.
    """

    format: str
    turns: tuple[Turn, ...]
    problems: tuple[Problem, ...] = ()
    understood: float = 1.0

    @property
    def duration(self) -> float | None:
        """Seconds from the first known time to the last, or None without two different ones."""
        times = [time for turn in self.turns for time in (turn.start, turn.end) if time is not None]
        return max(times) - min(times) if times and max(times) > min(times) else None


def problems(odd: Counter[str]) -> tuple[Problem, ...]:
    """The counted oddities as sentences, in the order of `SENTENCES`."""
    return tuple(
        Problem(code, sentences[count > 1].format(count=f"{count:,}"), count)
        for code, sentences in SENTENCES.items()
        if (count := odd[code])
    )


def numbered(utterances: Iterable[Utterance]) -> tuple[Turn, ...]:
    """The utterances as turns, those without any text left out, and without the dash before their words."""
    kept = ((one, LEAD.sub("", " ".join(one.text.split()))) for one in utterances)
    spoken = ((one, text) for one, text in kept if text)
    return tuple(
        Turn(index, one.speaker, text, one.start, one.end, one.assumed)
        for index, (one, text) in enumerate(spoken)
    )
