"""What WebVTT and SubRip have in common: cues, read strictly elsewhere or tolerantly here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from shipspeak.meetings.parsing import times
from shipspeak.meetings.parsing.labels import Labels
from shipspeak.meetings.parsing.markup import voices
from shipspeak.meetings.parsing.model import LEAD, Reading, Utterance

TIMING = re.compile(rf"^\s*({times.PATTERN})\s*[-–—=]+\s?>\s*({times.PATTERN})", re.ASCII)
_COMMENT = re.compile(r"^(?:NOTE|STYLE|REGION|WEBVTT)(?:\s|$)|^X-TIMESTAMP-MAP=")
_SETTING = re.compile(r"^[A-Za-z-]+\s*[:=]")
_NUMBER = re.compile(r"^\s*\d+\s*$")
_REPEATED_WORDS = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """A timed piece of a caption file; ``text`` still has its markup."""

    start: float
    end: float | None
    text: str


def count_timings(lines: Sequence[str]) -> int:
    """How many lines mean to be the timing line of a cue."""
    return sum("-->" in line or TIMING.match(line) is not None for line in lines)


def read_tolerantly(lines: Sequence[str], odd: Counter[str]) -> tuple[list[Cue], int]:
    """Cues of a file that breaks its format's rules, and how many of its lines were understood."""
    reader = _Tolerant(odd)
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        reader.take(line, following)
    reader.finish()
    return reader.cues, reader.understood


def count_outside(lines: Sequence[str]) -> int:
    """How many lines of a file that keeps to its format's rules belong to no cue, comment or header.

    Such a file's blocks are parted by blank lines; a block is a cue when its first or second line is a
    timing, the line before it being the cue's identifier.
    """
    outside = 0
    for place, block in enumerate(_blocks(lines)):
        timing = next((at for at, line in enumerate(block) if TIMING.match(line)), None)
        if timing is not None:
            outside += max(0, timing - 1)
        elif place == 0 and block[0].startswith("WEBVTT"):
            outside += sum(_SETTING.match(line) is None for line in block[1:])
        elif not _COMMENT.match(block[0]):
            outside += len(block)
    return outside


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """The lines in groups, cut at blank ones."""
    groups = groupby(lines, key=lambda line: bool(line.strip()))
    return [list(group) for filled, group in groups if filled]


def reading(cues: list[Cue], lines: int, understood: int, odd: Counter[str]) -> Reading:
    """The cues as utterances with speakers, in the order of time, repeats dropped."""
    odd["order"] += sum(later.start < one.start for one, later in pairwise(cues))
    odd["empty"] += sum(not cue.text.strip() for cue in cues)
    ordered = sorted(cues, key=lambda cue: cue.start)
    pieces = [piece for cue in ordered for piece in _voices(cue, odd)]
    pieces = [_undashed(piece) for piece in _labelled(pieces, odd)]
    return Reading(list(_unrolled(pieces, odd)), lines, understood, odd)


def checked_end(start: float, end: float | None, odd: Counter[str]) -> float | None:
    """``end``, or None when it lies before ``start``."""
    if end is not None and end < start:
        odd["times"] += 1
        return None
    return end


class _Tolerant:
    """Takes line after line and makes cues of whatever follows a timing line."""

    def __init__(self, odd: Counter[str]) -> None:
        self.cues: list[Cue] = []
        self.understood = 0
        self._odd = odd
        self._timing: re.Match[str] | None = None
        self._text: list[str] = []
        self._after_blank = True
        self._in_comment = False

    def take(self, line: str, following: str) -> None:
        """Reads ``line``; ``following`` is the next one, which tells an identifier from words."""
        timing = TIMING.match(line)
        if timing:
            self.finish()
            self._timing, self._in_comment = timing, False
        elif not line.strip():
            self._in_comment = False
        elif self._after_blank and _COMMENT.match(line):
            self._in_comment = True
        elif not self._in_comment and not self._is_identifier(line, following):
            self._take_words(line)
        self._after_blank = not line.strip()
        self.understood += not self._after_blank

    def finish(self) -> None:
        """Ends the cue that is being read."""
        if self._timing:
            start = times.seconds(self._timing[1]) or 0.0
            end = checked_end(start, times.seconds(self._timing[2]), self._odd)
            self.cues.append(Cue(start, end, "\n".join(self._text)))
        self._timing, self._text = None, []

    def _is_identifier(self, line: str, following: str) -> bool:
        return TIMING.match(following) is not None and (self._after_blank or bool(_NUMBER.match(line)))

    def _take_words(self, line: str) -> None:
        if self._timing:
            self._text.append(line)
        else:
            self._odd["lines"] += 1
            self.understood -= 1


def _voices(cue: Cue, odd: Counter[str]) -> list[Utterance]:
    found = voices(cue.text)
    odd["shared"] += len(found) > 1
    return _divided([Utterance(name, text, cue.start, cue.end) for name, text in found])


def _labelled(pieces: list[Utterance], odd: Counter[str]) -> list[Utterance]:
    """Speakers from “Name: words” lines of the pieces that no tag names.

    A piece without a name continues the labelled one before it; not one that a tag names, for a tag holds
    for its own cue only, and not when a dash at its beginning says that somebody else speaks.
    """
    voiced = {piece.speaker for piece in pieces if piece.speaker}
    labels = Labels.learn(
        (line for piece in pieces if not piece.speaker for line in piece.text.split("\n")), voiced
    )
    named: list[Utterance] = []
    speaker: str | None = None
    for piece in pieces:
        parts = [piece] if piece.speaker else _parts(piece, labels, speaker)
        odd["assumed"] += parts[0].assumed
        odd["shared"] += len(parts) > 1
        named += _divided(parts)
        speaker = None if piece.speaker else parts[-1].speaker
    return named


def _parts(piece: Utterance, labels: Labels, speaker: str | None) -> list[Utterance]:
    """A piece cut where its lines change the speaker; ``speaker`` is who spoke before it."""
    parts: list[Utterance] = []
    for line in piece.text.split("\n"):
        name, words = labels.split(line)
        changes = LEAD.match(line) is not None
        if name or not parts or changes:
            before = None if name or changes or parts else speaker
            parts.append(replace(piece, speaker=name or before, text=words, assumed=before is not None))
        else:
            parts[-1] = replace(parts[-1], text=f"{parts[-1].text}\n{words}")
    return parts


def _undashed(piece: Utterance) -> Utterance:
    """The piece without the dashes that captions put before words to show a change of speaker."""
    return replace(piece, text="\n".join(LEAD.sub("", line) for line in piece.text.split("\n")))


def _divided(parts: list[Utterance]) -> list[Utterance]:
    """The parts of one cue, its time divided between them by their length."""
    if len(parts) < 2 or parts[0].end is None or parts[0].start is None:
        return parts
    at, end = parts[0].start, parts[0].end
    each = (end - at) / max(1, sum(len(part.text) for part in parts))
    divided = []
    for part in parts:
        until = min(end, at + each * len(part.text))
        divided.append(replace(part, start=at, end=until))
        at = until
    return divided


def _unrolled(pieces: list[Utterance], odd: Counter[str]) -> Iterator[Utterance]:
    """The pieces without the lines that rolling captions show twice."""
    before: list[str] = []
    speaker: str | None = None
    for piece in pieces:
        lines = piece.text.split("\n")
        again = _overlap(before, lines) if piece.speaker == speaker else 0
        odd["repeated"] += again > 0
        before, speaker = lines, piece.speaker
        if again < len(lines):
            yield replace(piece, text="\n".join(lines[again:]))


def _overlap(before: list[str], lines: list[str]) -> int:
    """How many of the first ``lines`` are the last ones of ``before``, said in a few words at least."""
    for size in range(min(len(before), len(lines)), 0, -1):
        if before[-size:] == lines[:size] and len(" ".join(lines[:size]).split()) >= _REPEATED_WORDS:
            return size
    return 0
