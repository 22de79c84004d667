"""Plain text: “Name: words” lines, and the ways in which services write names and times into text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shipspeak.meetings.parsing import times
from shipspeak.meetings.parsing.captions import checked_end
from shipspeak.meetings.parsing.labels import Labels, looks_like_name
from shipspeak.meetings.parsing.markup import plain
from shipspeak.meetings.parsing.model import Reading, Utterance

_END = rf"(?:\s*(?:-+>|[-–—]|to)\s*(?P<end>{times.PATTERN}))?"
_TIME = rf"(?P<start>{times.PATTERN}){_END}(?:\s*[AaPp]\.?[Mm]\.?(?!\w))?"
_OPEN_LEAD = re.compile(rf"^{_TIME}\s*(?:[-–—|:]\s+)?(?P<rest>.*)$", re.ASCII)
_BRACKET_LEAD = re.compile(rf"^[\[(<]\s*{_TIME}\s*[\])>]\s*(?:[-–—|:]\s*)?(?P<rest>.*)$", re.ASCII)
_AFTER_NAME = re.compile(rf"^(?P<name>[^\[\]]{{1,80}}?)\s*[\[(]\s*{_TIME}\s*[\])]\s*[:：-]?\s*(?P<rest>.*)$")
_HEADER = re.compile(rf"^(?P<name>[^:：]{{1,80}}?)(?:\s*[,|•–—-]\s*|\s+){_TIME}(?P<rest>\s*:?)$")
_BRACKETED_NAME = re.compile(rf"^\[(?P<name>[^\[\]:：]{{1,80}})\]\s*{_TIME}(?P<rest>.*)$")
_ENDS_SENTENCE = tuple(".!?…:;。！？\"'”»)")
_MOST_PREAMBLE = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with the name and the times that were recognised in front of its words."""

    words: str
    start: float | None = None
    end: float | None = None
    name: str | None = None


def read(text: str, odd: Counter[str]) -> Reading:
    """The utterances of a plain text."""
    lines = [plain(line) for line in text.split("\n")]
    filled = [line for line in lines if line]
    stamped = _believable([_stamped(line) for line in filled], filled)
    known = {line.name for line in stamped if line.name}
    labels = Labels.learn((line.words for line in stamped if not line.name and line.words), known)
    named = [_named(line, labels) for line in stamped]
    spoken = any(line.name for line in named)
    utterances = _by_speaker(named, odd) if spoken else _paragraphs(named)
    _count_disorder(utterances, odd)
    checked = [_checked(one, odd) for one in utterances]
    return Reading(checked, len(filled), len(filled), odd)


def _stamped(line: str) -> Line:
    """``line`` with its times told from its words, as if every such form were meant."""
    for pattern in (_BRACKET_LEAD, _BRACKETED_NAME, _AFTER_NAME, _HEADER, _OPEN_LEAD):
        match = pattern.match(line)
        if match:
            found = match.groupdict()
            start = times.seconds(found["start"])
            end = times.seconds(found["end"]) if found["end"] else None
            name = (found.get("name") or "").strip(" :：-–—|,*_") or None
            return Line(found["rest"].strip(" :") if name else found["rest"].strip(), start, end, name)
    return Line(line)


def _believable(stamped: list[Line], filled: Sequence[str]) -> list[Line]:
    """The stamps that the whole text supports; other lines as they were written.

    A name beside a time is believed when it comes twice or every fifth line has one; a bare time at the
    beginning of a line when every fifth line has one.
    """
    names = Counter(line.name for line in stamped if line.name)
    habitual = sum(names.values()) >= len(stamped) / 5
    timed = sum(line.start is not None for line in stamped) >= len(stamped) / 5
    kept = []
    for line, written in zip(stamped, filled, strict=True):
        if line.name:
            believed = looks_like_name(line.name) and (habitual or names[line.name] > 1)
        else:
            believed = timed or written[:1] in "[(<"
        kept.append(line if believed else Line(written))
    return kept


def _named(line: Line, labels: Labels) -> Line:
    if line.name or not line.words:
        return line
    name, words = labels.split(line.words)
    if name and line.start is None:
        late = _BRACKET_LEAD.match(words)
        if late:
            return Line(late["rest"].strip(), times.seconds(late["start"]), None, name)
    return replace(line, name=name, words=words) if name else line


def _by_speaker(lines: Iterable[Line], odd: Counter[str]) -> list[Utterance]:
    """One utterance for each line with a name; lines without one go on with it."""
    utterances: list[Utterance] = []
    preamble: list[Utterance] = []
    waiting: float | None = None
    for line in lines:
        start = line.start if line.start is not None else waiting
        if line.name:
            utterances.append(Utterance(line.name, line.words, start, line.end))
            waiting = None
        elif not line.words:
            waiting = line.start
        elif not utterances:
            preamble.append(Utterance(None, line.words, start, line.end))
        elif start is not None:
            utterances.append(Utterance(utterances[-1].speaker, line.words, start, line.end, assumed=True))
            waiting = None
        else:
            last = utterances[-1]
            utterances[-1] = replace(last, text=f"{last.text} {line.words}")
    if len(preamble) > _MOST_PREAMBLE:
        return preamble + utterances
    odd["preamble"] += len(preamble)
    return utterances


def _paragraphs(lines: Iterable[Line]) -> list[Utterance]:
    """An utterance for each line, those that were only wrapped joined again."""
    utterances: list[Utterance] = []
    waiting: float | None = None
    for line in lines:
        start = line.start if line.start is not None else waiting
        if not line.words:
            waiting = line.start
            continue
        waiting = None
        last = utterances[-1] if utterances else None
        if last and start is None and _wrapped(last.text, line.words):
            utterances[-1] = replace(last, text=f"{last.text} {line.words}")
        else:
            utterances.append(Utterance(None, line.words, start, line.end))
    return utterances


def _wrapped(before: str, words: str) -> bool:
    return not before.endswith(_ENDS_SENTENCE) and words[0].islower()


def _checked(one: Utterance, odd: Counter[str]) -> Utterance:
    return one if one.start is None else replace(one, end=checked_end(one.start, one.end, odd))


def _count_disorder(utterances: Sequence[Utterance], odd: Counter[str]) -> None:
    starts = [one.start for one in utterances if one.start is not None]
    odd["order"] += sum(later < start for start, later in pairwise(starts))
