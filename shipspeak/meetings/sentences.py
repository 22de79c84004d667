"""Cutting turns into sentences, by pysbd's rules, as exact places in the turn's text."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from typing import Any

_INNER_END = re.compile(r"[.!?…。！？।؟](?=.*\S)", re.DOTALL)
_CUT = re.compile(r"[.!?…。！？।؟][\"'”’)\]]*\s+|\s+")
_LONGEST_BLOCK = 1500
"""Characters handed to pysbd at once: its time grows with the square of a text's length."""
_LONGEST_SENTENCE = 320
"""Characters after which a sentence is cut at a comma or a space: raw recognition has no full stops."""


class Splitter:
    """Cuts turns of one language into sentences. Not for several threads at once.

    Args:
        language: ISO 639-1 code; languages that pysbd lacks are cut by the English rules.
    """

    def __init__(self, language: str) -> None:
        pysbd, languages = _pysbd()
        code = language if language in languages else "en"
        self._segmenter = pysbd.Segmenter(language=code, clean=False)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each sentence in ``text``, in order, without the spaces around it."""
        found: list[tuple[int, int]] = []
        for start, block in _blocks(text):
            for begin, end in self._sentences(block):
                found += _trimmed(text, start + begin, start + end)
        return found

    def _sentences(self, block: str) -> Iterator[tuple[int, int]]:
        if not _INNER_END.search(block):
            yield 0, len(block)
            return
        at = 0
        for sentence in self._segmenter.segment(block):
            place = block.find(sentence.strip(), at)
            if place < 0 or not sentence.strip():
                continue
            end = place + len(sentence.strip())
            yield at, end
            at = end
        if at < len(block):
            yield at, len(block)


@functools.cache
def _pysbd() -> tuple[Any, frozenset[str]]:
    """pysbd and its languages. Compiling its source warns of escape sequences; that is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pysbd  # type: ignore[import-untyped]
        from pysbd.languages import LANGUAGE_CODES  # type: ignore[import-untyped]
    return pysbd, frozenset(LANGUAGE_CODES)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """``text`` in blocks that end, if they can, at the end of a sentence."""
    start = 0
    while len(text) - start > _LONGEST_BLOCK:
        window = text[start : start + _LONGEST_BLOCK]
        cuts = [match.end() for match in _CUT.finditer(window) if match[0].strip()]
        cut = cuts[-1] if cuts else window.rfind(" ") + 1 or _LONGEST_BLOCK
        yield start, window[:cut]
        start += cut
    yield start, text[start:]


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence without spaces around it, in pieces when it is very long; nothing when it is empty."""
    while end - start > _LONGEST_SENTENCE:
        window = text[start : start + _LONGEST_SENTENCE]
        cut = window.rfind(", ") + 1 or window.rfind(" ") + 1 or _LONGEST_SENTENCE
        yield from _trimmed(text, start, start + cut)
        start += cut
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
