"""Tags that draw a meeting's report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from jobs import wording
from shipspeak.meetings import report_page as pages
from shipspeak.meetings import words
from shipspeak.meetings.charts import label, speaker_count
from shipspeak.meetings.report_page import ReportPage

register = template.Library()
register.filter("arc", pages.arc)
register.filter("speaker_label", label)
register.filter("speaker_count", speaker_count)


@register.simple_tag
def report_page(result: Mapping[str, Any] | None, outputs: Mapping[str, Any]) -> ReportPage:
    """All that the template needs to draw the report ``result``, or what ``outputs`` have of one."""
    return pages.report_page(result or pages.found_so_far(outputs))


@register.filter
def tone_of(name: str | None, tones: Mapping[str | None, int]) -> int:
    """The tone of a speaker; grey for one that nothing is known of."""
    return tones.get(name, 0)


@register.filter
def readable(quote: str) -> str:
    """A quote as it is shown: without transcribers' notes and doubled spaces. Its place is told by its turn,
    so nothing is lost by it."""
    return words.readable(quote) or quote


@register.filter
def says(quote: str, text: str) -> bool:
    """Whether ``quote`` holds the words of ``text`` in their order, whatever their case and punctuation."""
    return f" {_words(text)} " in f" {_words(quote)} "


@register.simple_tag
def transcript(turns: Sequence[Mapping[str, Any]], tones: Mapping[str | None, int]) -> SafeString:
    """The turns as list items.

    Not a template: ten thousand turns take 0.06 s like this, and 0.5 s in one.
    """
    return mark_safe("".join(_turn(turn, tones) for turn in turns))  # noqa: S308 - all values are escaped


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _turn(turn: Mapping[str, Any], tones: Mapping[str | None, int]) -> str:
    index, speaker, start = turn["index"], turn["speaker"], turn["start"]
    place = f"#{index + 1}" if start is None else wording.clock(start)
    return (
        f'<li class="turn tone-{tones.get(speaker, 0)}" id="turn-{index}">'
        f'<a class="turn__time" href="#turn-{index}">{place}</a>'
        f'<b class="turn__speaker">{escape(label(speaker))}</b>'
        f"<p>{escape(turn['text'])}</p></li>"
    )
