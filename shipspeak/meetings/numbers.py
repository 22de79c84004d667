"""Numbers of each speaker, counted and not guessed. What the input can't tell is absent and says why."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from shipspeak.meetings import intervals, languages, lexicon, words
from shipspeak.meetings.parsing import Turn
from shipspeak.meetings.schemas import Measure, MeetingNumbers, SpeakerNumbers, WordCount

NO_TIMES = "The transcript has no times."
NO_ENDS = "The transcript says when turns begin but not when they end."
NO_LENGTH = "The turns have times but no length."
NO_OVERLAP = "No two turns overlap in this file; many services do not record who spoke over whom."
NO_SPACES = "This language puts no spaces between words, so words can't be counted."
NO_MARKS = "The transcript has no punctuation, so questions can't be told."
NO_WORDS = "No word was said."
ALONE = "There is only one speaker."
MOST_TIMED = 0.95
"""Share of the words that must have begin and end for the share of talk to be counted in time."""

_MARK = re.compile(r"[.!?…。！？؟।]")
_QUESTION = re.compile(r"[?？؟]+")
Name = str | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the meeting, and of each speaker, those who talked most first."""

    meeting: MeetingNumbers
    speakers: list[SpeakerNumbers]


@dataclass(frozen=True, slots=True)
class _Said:
    """A turn, its words without annotations, and how many they are."""

    turn: Turn
    text: str
    words: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Turns of one speaker in a row: one go at talking."""

    first: int
    words: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class _Lack:
    """Why things can't be known of this transcript; "" where they can."""

    times: str
    word_list: str
    marks: str
    spaces: str


def numbers(turns: Sequence[Turn], language: str) -> Numbers:
    """Counts all that can be counted.

    Args:
        turns: the transcript.
        language: ISO 639-1 code; fillers and hedges are only known in English.
    """
    said = [_Said(turn, words.spoken(turn.text), words.count(turn.text)) for turn in turns]
    lack = _lack(said, language)
    by_speaker = _by_speaker(said)
    shares, basis = _shares(by_speaker)
    runs = _runs(said)
    overlaps = intervals.overlaps(turns)
    found = []
    for name, mine in by_speaker.items():
        cut_in = _from_overlaps(overlaps.cut_in[name], overlaps, lack)
        found.append(_speaker(name, mine, round(shares[name], 4), runs[name], cut_in, lack))
    found.sort(key=lambda one: (-one.share, one.name or ""))
    return Numbers(_meeting(said, found, basis, overlaps, lack), found)


def _speaker(
    name: Name, mine: Sequence[_Said], share: float, runs: Sequence[_Run], cut_in: Measure, lack: _Lack
) -> SpeakerNumbers:
    longest = max(runs, key=lambda run: (run.words, -run.first))
    fillers = Counter[str]() if lack.word_list else _counted(lexicon.fillers, mine)
    hedges = Counter[str]() if lack.word_list else _counted(lexicon.hedges, mine)
    return SpeakerNumbers(
        name=name,
        turns=len(runs),
        words=sum(one.words for one in mine),
        share=share,
        talk_seconds=_talk_seconds(mine, lack),
        words_per_minute=_pace(mine, lack),
        fillers_per_100=_per_100(fillers.total(), mine, lack),
        filler_words=[WordCount(word=word, count=count) for word, count in fillers.most_common(5)],
        hedges_per_100=_per_100(hedges.total(), mine, lack),
        questions=_questions(mine, lack),
        longest_turn_words=longest.words,
        longest_turn_seconds=_known(longest.seconds, lack.times or NO_ENDS),
        longest_turn=longest.first,
        interruptions=cut_in,
    )


def _meeting(
    said: Sequence[_Said],
    speakers: Sequence[SpeakerNumbers],
    basis: Literal["time", "words"],
    overlaps: intervals.Overlaps,
    lack: _Lack,
) -> MeetingNumbers:
    spans = intervals.timed(one.turn for one in said)
    gaps = intervals.silences(spans)
    untimed = "" if len(spans) == len(said) else (lack.times or NO_ENDS)
    return MeetingNumbers(
        turns=len(said),
        words=sum(one.words for one in said),
        speakers=sum(one.name is not None for one in speakers),
        share_basis=basis,
        balance=_balance([one.share for one in speakers if one.name is not None]),
        silence_seconds=_known(None if untimed else sum(gaps), untimed),
        longest_silence_seconds=_known(None if untimed else max(gaps, default=0.0), untimed),
        overlap_seconds=_from_overlaps(overlaps.seconds, overlaps, lack),
    )


def _lack(said: Sequence[_Said], language: str) -> _Lack:
    has_starts = any(one.turn.start is not None for one in said)
    has_ends = any(one.turn.end is not None for one in said)
    unspaced = sum(words.UNSPACED.search(one.text) is not None for one in said)
    marked = sum(_MARK.search(one.text) is not None for one in said)
    return _Lack(
        times="" if has_starts and has_ends else NO_ENDS if has_starts else NO_TIMES,
        word_list=_no_word_list(language),
        marks="" if marked * 50 >= len(said) and marked else NO_MARKS,
        spaces=NO_SPACES if unspaced * 2 > len(said) else "",
    )


def _no_word_list(language: str) -> str:
    if language == languages.ENGLISH:
        return ""
    if language == languages.UNKNOWN:
        return "There is too little text to tell its language, and the word list is English."
    name = languages.NAMES.get(language, f"the language “{language}”")
    return f"The word list is English, and the meeting is in {name}."


def _by_speaker(said: Sequence[_Said]) -> dict[Name, list[_Said]]:
    found: dict[Name, list[_Said]] = {}
    for one in said:
        found.setdefault(one.turn.speaker, []).append(one)
    return found


def _shares(by_speaker: dict[Name, list[_Said]]) -> tuple[dict[Name, float], Literal["time", "words"]]:
    """Share of talk = a speaker's talk / the sum of all speakers' talk. Talk is counted in seconds when at
    least `MOST_TIMED` of the words have begin and end, else in words."""
    every = [one for mine in by_speaker.values() for one in mine]
    timed_words = sum(one.words for one in every if one.turn.end is not None)
    if timed_words and timed_words >= MOST_TIMED * sum(one.words for one in every):
        seconds = {name: _seconds(mine) for name, mine in by_speaker.items()}
        if sum(seconds.values()) > 0:
            return _normalised(seconds), "time"
    return _normalised(
        {name: float(sum(one.words for one in mine)) for name, mine in by_speaker.items()}
    ), "words"


def _normalised(talk: dict[Name, float]) -> dict[Name, float]:
    total = sum(talk.values())
    return {name: value / total if total else 0.0 for name, value in talk.items()}


def _runs(said: Sequence[_Said]) -> dict[Name, list[_Run]]:
    """Turns of one speaker in a row count as one turn, however the file cuts them."""
    found: dict[Name, list[_Run]] = {}
    for name, group in groupby(said, key=lambda one: one.turn.speaker):
        run = list(group)
        spans = intervals.timed(one.turn for one in run)
        seconds = max(end for _, end in spans) - min(start for start, _ in spans) if spans else None
        found.setdefault(name, []).append(
            _Run(
                run[0].turn.index, sum(one.words for one in run), seconds if len(spans) == len(run) else None
            )
        )
    return found


def _seconds(mine: Sequence[_Said]) -> float:
    return intervals.length(intervals.union(intervals.timed(one.turn for one in mine)))


def _talk_seconds(mine: Sequence[_Said], lack: _Lack) -> Measure:
    """Talk time = length of the union of the speaker's turns in time, so that nothing counts twice."""
    timed = intervals.timed(one.turn for one in mine)
    return _known(_seconds(mine) if timed else None, lack.times or NO_ENDS)


def _pace(mine: Sequence[_Said], lack: _Lack) -> Measure:
    """Words per minute = words of the turns that have begin and end / seconds of those turns × 60."""
    if lack.spaces:
        return Measure(why=lack.spaces)
    timed = [one for one in mine if one.turn.start is not None and one.turn.end is not None]
    if not timed:
        return Measure(why=lack.times or NO_ENDS)
    seconds = _seconds(timed)
    return _known(60 * sum(one.words for one in timed) / seconds if seconds > 0 else None, NO_LENGTH)


def _per_100(occurrences: int, mine: Sequence[_Said], lack: _Lack) -> Measure:
    """Per hundred words = occurrences / words × 100."""
    if lack.word_list:
        return Measure(why=lack.word_list)
    total = sum(one.words for one in mine)
    return _known(100 * occurrences / total if total else None, NO_WORDS)


def _questions(mine: Sequence[_Said], lack: _Lack) -> Measure:
    """Questions = question marks, several in a row counted once."""
    if lack.marks:
        return Measure(why=lack.marks)
    return Measure(value=sum(len(_QUESTION.findall(one.text)) for one in mine))


def _counted(counter: Callable[[str], Counter[str]], mine: Sequence[_Said]) -> Counter[str]:
    total = Counter[str]()
    for one in mine:
        total.update(counter(one.text))
    return total


def _from_overlaps(value: float, overlaps: intervals.Overlaps, lack: _Lack) -> Measure:
    """Interruptions = turns of at least three words that begin while another speaker's turn goes on for
    more than `intervals.CUT_IN_SECONDS`."""
    if lack.times:
        return Measure(why=lack.times)
    return _known(value if overlaps.shown else None, NO_OVERLAP)


def _balance(shares: Sequence[float]) -> Measure:
    """Balance = entropy of the shares of talk / log of the number of speakers (Pielou 1966's evenness)."""
    if len(shares) < 2:
        return Measure(why=ALONE if shares else "The transcript names no speaker.")
    total = sum(shares)
    parts = [share / total for share in shares if share > 0] if total else []
    return _known(-sum(part * math.log(part) for part in parts) / math.log(len(shares)), NO_WORDS)


def _known(value: float | None, why: str) -> Measure:
    return Measure(why=why) if value is None else Measure(value=round(value, 2))
