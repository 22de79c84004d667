"""The report as a page: what it says, and what it leaves out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string

from jobs import markdown
from shipspeak.meetings.charts import speaker_count
from tests.meetings.running import run

NAMED = "Ann: We keep the {disfmarker} old bridge , and it 's fine .\nBob: Yes, we do."
NOTED = (
    "Ann: We decided {vocalsound} to keep  the old {disfmarker} harbour bridge .\n"
    "Bob: I 'll check the {disfmarker} harbour bridge by Friday ."
)


def page(report: Any) -> str:
    """The report as HTML, spaces single."""
    return " ".join(render_to_string("meetings/_report.html", {"result": report, "outputs": {}}).split())


def exported(report: Any) -> str:
    """The report as Markdown."""
    job = {"title": "Harbour", "kind": "meeting", "created_at": "2026-05-03T10:00:00Z"}
    return markdown.render("meetings/export.md", {"job": job, "result": report})


async def test_it_shows_no_figure_offline_that_nothing_measured() -> None:
    report = (await run(NAMED)).outputs["report"]
    for text in (page(report), exported(report)):
        assert "ffline" in text
        assert "- Confidence" not in text
        assert "Quotes verified" not in text
        assert "Lines understood" in text
    assert "<dt>Confidence</dt>" not in page(report)
    assert "of the transcript was read" in page(report)


async def test_it_lists_the_summary_with_who_said_it() -> None:
    report = (await run(NAMED)).outputs["report"]
    assert '<li class="report__sentence"><strong>Ann:</strong> We keep the old bridge' in page(report)
    assert "- **Ann:** We keep the old bridge, and it's fine." in exported(report)


async def test_it_cleans_quotes_and_keeps_their_place() -> None:
    report = (await run(NOTED)).outputs["report"]
    raw = report["action_items"][0]["evidence"]
    assert raw["quote"] in report["turns"][raw["turn"]]["text"]
    shown = page(report)
    for quote in re.findall(r"<blockquote>(.*?)</blockquote>", shown):
        assert "{" not in quote
        assert "  " not in quote
    assert f'href="#turn-{raw["turn"]}"' in shown
    quoted = [line for line in exported(report).splitlines() if "“" in line]
    assert quoted
    assert not [line for line in quoted if "disfmarker" in line or "vocalsound" in line]


async def test_it_says_that_nothing_was_found() -> None:
    report = (await run("Ann: Hello there.\nBob: Hi.")).outputs["report"]
    assert "No decisions found." in page(report)
    assert "No action items found." in page(report)


async def test_it_shows_advice_only_where_there_is_some() -> None:
    report = (await run("Ann: Hello there.\nBob: Hi.")).outputs["report"]
    assert "score__advice" not in page(report)
    assert "Advice:" not in exported(report)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Ann", "Bob"], "2"),
        (["Ann", None, "Bob"], "2 and unnamed"),
        ([None], "unnamed"),
        ([], "0"),
    ],
)
def test_it_counts_speakers_in_one_way(names: list[str | None], said: str) -> None:
    assert speaker_count([{"name": name} for name in names]) == said


async def test_it_says_the_same_number_of_speakers_everywhere() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hello.\n\n00:05.000 --> 00:06.000\nWho is there?\n"
    report = (await run(text)).outputs["report"]
    shown = page(report)
    assert "Speakers<span>1 and unnamed</span>" in shown
    assert "<dt>Speakers</dt><dd>1 and unnamed</dd>" in shown
    assert "speakers: 1 and unnamed" in shown
    assert "speakers: 1 and unnamed" in exported(report)
