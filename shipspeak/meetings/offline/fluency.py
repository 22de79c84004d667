"""Telling whole, fluent sentences from the stutters and fragments of loose talk.

The rules for words are English ones; of other languages only the punctuation is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from shipspeak.meetings import words
from shipspeak.meetings.corpus import Sentence

_ENDS = re.compile(r"[.!?。！？।؟][\"'”’»)\]]*$")
_CUT_WORD = re.compile(r"\w-(?=[\s,.?!]|$)|--|—\s*$|…\s*$")
_LOOSE_LETTER = re.compile(r"(?<![\w'’.-])[b-hj-np-z](?![\w'’.-])")
_SHORT_TEXT = """
ad ah am an as at be by do eh ex go ha he hi if in is it me my no of oh ok on or ow pi so to tv uk un up us
vs we
"""
_SHORT = frozenset(_SHORT_TEXT.split())
"""Words of two letters; others of that length are words that broke off."""
_DANGLING_END = re.compile(
    r"\b(?:and|or|but|because|so|if|of|to|the|an?|in|at|for|with|from|that|which|than|as|is|are|was|were|we"
    r"|i|they|you know|i mean|it's|like|whatever)[\s,;:–-]*[.?!]?$",
    re.IGNORECASE,
)
_DANGLING_START = re.compile(
    r"^(?:(?:because|cause|which|than|whose|or)\b"
    r"|(?:where|whereas|as well|such as|of|instead|rather|like|what"
    r"|how|that they|that we|if)\b(?!.*,)(?!.*\?$)|\w+,? (?:but|and|or|than)\b)",
    re.IGNORECASE,
)
_NEW_START = re.compile(
    r"(?<=[a-z,] )(?:And|But|So|That|They|We|What|It|The|You|He|She|This|If|Or|Because|Well|There)\b"
)
_NO_SENTENCE = re.compile(
    r"\b(?:the|an?|my|your|our|their) (?:i|we|they|he|she|you|i'm|it's|there's|no there's)\b"
    r"|\bi (?:also |just )?(?:they|we|you|he|she|it)\b|^'|^a (?:in|on|the|we|and|is|it|you|to|of|for|that)\b",
    re.IGNORECASE,
)
"""Words that follow each other only where a sentence starts again."""
_INTERJECTION = re.compile(
    r"\b(?:yeah|yep|oh|ooh|ah|tsk|eh|hmm|mm|okay|gosh|wow|dunno|i mean)\b", re.IGNORECASE
)
_VERB = re.compile(
    r"(?:\b(?:is|are|am|was|were|be|has|have|had|do|does|did|will|would|can|could|shall|should|must|may|might"
    r"|let's|said|says|went|came|took|made|got|gave|knew|thought|need|needs|want|wants|\w{3,}ed)\b"
    r"|\w'(?:s|re|ve|ll|d|m|t)\b|\b(?:i|we|you|they|he|she|it|people|everybody|everyone) [a-z]+)",
    re.IGNORECASE,
)
_VAGUE_START = re.compile(
    r"^(?:they|it|he|she|this|that|these|those|here|there|then|in that|actually|internally|definitely"
    r"|basically)\b",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"\b(?:i (?:want to |would like to |'d like to )?thank|thank you|thanks)\b", re.IGNORECASE
)


def is_punctuated(sentences: Sequence[Sentence]) -> bool:
    """Whether most of ``sentences`` end with a mark, so that one without broke off."""
    return 2 * sum(_ends(one.text) for one in sentences) >= len(sentences)


def is_whole(written: str, *, punctuated: bool, english: bool) -> bool:
    """Whether a sentence, made readable, can stand alone: it ends, and no word or thought breaks off in it.

    Args:
        written: the sentence, from `summary.readable`.
        punctuated: whether the transcript ends its sentences with marks.
        english: whether the rules for English words may be used.
    """
    if (punctuated and not _ends(written)) or _CUT_WORD.search(written):
        return False
    if not english:
        return True
    said = written.replace("’", "'")
    said = said[:1].lower() + said[1:]
    broken = _LOOSE_LETTER.search(said) or any(_broken(token) for token in words.tokens(said))
    dangles = _DANGLING_END.search(said) or _DANGLING_START.search(said)
    return not (broken or dangles or _NEW_START.search(said) or _NO_SENTENCE.search(said))


def fluency(written: str) -> float:
    """How well an English sentence reads alone, 0..1: less without a verb, for what it takes up without
    naming it, for thanks, and for each pair of words said again."""
    said = written.replace("’", "'")
    worth = 1.0 if _VERB.search(said) else 0.4
    worth *= 0.75 if _VAGUE_START.search(said) else 1.0
    worth *= 0.5 if _COURTESY.search(said) else 1.0
    worth *= 0.5 if _INTERJECTION.search(said) else 1.0
    pairs = list(pairwise(token.casefold() for token in words.tokens(said)))
    return worth * float(0.7 ** (len(pairs) - len(set(pairs))))


def _ends(text: str) -> bool:
    return _ENDS.search(words.readable(text)) is not None


def _broken(token: str) -> bool:
    return len(token) == 2 and token.isascii() and token.isalpha() and token.islower() and token not in _SHORT
