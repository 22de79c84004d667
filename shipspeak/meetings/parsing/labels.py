"""Telling “Name: words” from a sentence with a colon in it.

No line can tell by itself; the whole file can. A label is believed when it looks like a name and the
file is one of labelled lines, or when it comes back again and again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shipspeak.meetings.parsing.model import LEAD
from shipspeak.meetings.words import NOISES

LONGEST = 130
"""Characters a label may have; parliaments write “The Acting Chair (Mr. Bruce Stanton (Simcoe North))”."""

_BOLD = re.compile(r"^(\*\*|__|\*|_)([^*_]{1,130}?)\s*(?:([:：])\s*\1|\1\s*([:：]))\s*")
_COLON = re.compile(r"[:：]")
_BRACKETED = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\]")
_IN_BRACKETS = re.compile(r"^\[(?P<name>[^\[\]:：]{1,80})\]\s*(?:[:：]\s*|(?=[^\s\[(]))(?P<rest>.*)$")
_NOISE = re.compile(
    rf"\b(?:{NOISES}|noise|sound|foreign|speak(?:s|ing)|speech|unclear|beep|cheer(?:s|ing)|clap|gasp|groan"
    r"|mumbl|murmur|breath|vocal|disf|sneez|sniff|throat|whisper|shout|scream|background|typing|redact"
    r"|censor|blank|gap|end of|start of|break|sic\b|inhal|exhal|yawn|knock|footstep|ringing|dial|static"
    r"|technical|no audio|audio|video|translat|interpret|off.?mic|recording|nod|smil|hesitat|expletive"
    r"|bleep|singing|hum(?:s|ming)\b|cry|laugh|continu|voice-?over|simultaneous)",
    re.IGNORECASE,
)
"""What transcribers note in brackets, which is no name."""
_NOT_NAMES_TEXT = """
note notes agenda date time times attendees participants present absent apologies subject link links
url location duration topic topics title http https ps fyi re todo action actions item items
decision decisions summary example question answer warning meeting recording transcript transcribed
started ended minutes file version source email phone address website monday tuesday wednesday
thursday friday saturday sunday january february march july september october november december step
result results deadline total price cost issue problem idea option goal plan webvtt kind language
"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that a file's lines taught us to believe: before a colon, and in brackets."""

    names: frozenset[str]
    bracketed: frozenset[str] = frozenset()

    @classmethod
    def learn(cls, lines: Iterable[str], known: Collection[str] = ()) -> Labels:
        """Believes the labels of ``lines`` that deserve it.

        Args:
            lines: what the file has where a label may stand.
            known: names that the file gives elsewhere, beside times or in tags; these need no proof.
        """
        every = list(lines)
        names = cls._before_colons(every).names | frozenset(known)
        return cls(names, _in_brackets(every, {name.casefold() for name in names}))

    @classmethod
    def _before_colons(cls, lines: Iterable[str]) -> Labels:
        first: Counter[str] = Counter()
        second: Counter[tuple[str, str]] = Counter()
        total = labelled = named = 0
        for line in lines:
            found = _candidates(line)
            total += 1
            labelled += bool(found)
            named += bool(found) and looks_like_name(found[0][0])
            first.update(name for name, _ in found[:1])
            second.update((found[0][0], name) for name, _ in found[1:2])
        shares = _Shares(labelled / max(1, total), named / max(1, total))
        nested = {longer for (short, longer), count in second.items() if count >= max(2, first[short] / 2)}
        believed = {name for name, count in first.items() if _believed(name, count, shares)}
        return cls(frozenset(believed | nested))

    def split(self, line: str) -> tuple[str | None, str]:
        """The believed label at the beginning of ``line``, the longest one, and the words after it."""
        bracket = _bracket(line)
        if bracket and bracket[1] in self.bracketed:
            return bracket[1], bracket["rest"].strip()
        for name, rest in reversed(_candidates(line)):
            if name in self.names:
                return name, rest
        return None, line.strip()


@dataclass(frozen=True, slots=True)
class _Shares:
    """Which share of a file's lines has a label, and which share has one that looks like a name."""

    labelled: float
    named: float


def looks_like_name(label: str) -> bool:
    """Whether ``label`` could be a name or a role by its letters alone."""
    words = _BRACKETED.sub(" ", label).split()
    if not words or len(words) > 8 or not any(letter.isalpha() for letter in label):
        return False
    if words[-1][-1] in "!?,;…" or (words[-1][-1] == "." and len(words[-1]) > 5):
        return False
    return not words[0][0].islower() and (len(words) <= 3 or _capitalised(words) >= 0.5)


def _in_brackets(lines: Iterable[str], known: set[str]) -> frozenset[str]:
    """The rule for “[Name] words”: a name known from elsewhere, or one that comes back, or that stands in
    a file where most lines begin so. Noises such as “[laughter]” never are names, whatever stands after them.
    """
    total = 0
    found: Counter[str] = Counter()
    for line in lines:
        total += 1
        bracket = _bracket(line)
        if bracket:
            found[bracket["name"]] += 1
    habitual = found.total() >= 2 and 2 * found.total() >= total
    return frozenset(
        name for name, count in found.items() if count > 1 or habitual or name.casefold() in known
    )


def _bracket(line: str) -> re.Match[str] | None:
    """“[Name] words” or “[Name]: words” where what stands in the brackets could be a name."""
    match = _IN_BRACKETS.match(LEAD.sub("", line.strip()))
    if not match or _NOISE.search(match["name"]) or not looks_like_name(match["name"]):
        return None
    words = match["name"].split()
    return None if all(word.casefold().strip(".,()#") in _NOT_NAMES for word in words) else match


def _believed(name: str, count: int, shares: _Shares) -> bool:
    """The rule: how often a label must come, by how it looks and how labelled the file is."""
    words = _BRACKETED.sub(" ", name).split()
    if all(word.casefold().strip(".,()#") in _NOT_NAMES for word in words):
        return count >= 3 and shares.named >= 0.3
    if not looks_like_name(name):
        habitual = count >= 2 and len(words) <= 4 and shares.labelled >= 0.5
        return habitual or (len(words) <= 2 and shares.labelled >= 0.8) or (count >= 3 and len(words) <= 4)
    if shares.named >= 0.8 or (shares.named >= 0.15 and _capitalised(words) >= 0.6):
        return True
    return count >= 2 and shares.named >= 0.05


def _capitalised(words: list[str]) -> float:
    return sum(not word[0].islower() for word in words) / len(words) if words else 0.0


def _candidates(line: str) -> list[tuple[str, str]]:
    """Possible labels of ``line`` with what follows each: up to its first and to its second colon."""
    line = LEAD.sub("", line.strip())
    bold = _BOLD.match(line)
    if bold:
        return [(" ".join(bold[2].split()), line[bold.end() :].strip())]
    found: list[tuple[str, str]] = []
    for colon in _COLON.finditer(line, 0, LONGEST + 1):
        name, rest = line[: colon.start()].strip(), line[colon.end() :]
        if not _possible(name, rest):
            if not _balanced(name):
                continue
            break
        found.append((" ".join(name.split()), rest.strip()))
        if len(found) == 2:
            break
    return found


def _possible(name: str, rest: str) -> bool:
    if not name or not _balanced(name) or not any(letter.isalpha() for letter in name):
        return False
    if rest.startswith(("/", "\\")) or "://" in name or "@" in name or len(name.split()) > 15:
        return False
    return (
        not rest or rest[0].isspace() or not rest[0].isascii() or (name[-1].isalpha() and rest[0].isalpha())
    )


def _balanced(text: str) -> bool:
    return text.count("(") == text.count(")") and text.count("[") == text.count("]")
