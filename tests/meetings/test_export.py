"""The report as Markdown."""

from __future__ import annotations

from typing import Any

import pytest

from jobs import export, markdown
from jobs.models import Job
from tests.meetings.running import run
from tests.meetings.transcripts import FILES


def exported(report: Any) -> str:
    """The Markdown of a report."""
    job = {"title": "Stand-up", "kind": "meeting", "created_at": "2026-05-03T10:00:00Z"}
    return markdown.render("meetings/export.md", {"job": job, "result": report})


async def test_it_exports_everything_with_places() -> None:
    text = exported((await run(upload=FILES / "standup.vtt", filename="standup.vtt")).outputs["report"])
    for heading in (
        "Summary",
        "Decisions",
        "Action items",
        "Topics",
        "Speakers",
        "Communication",
        "Transcript",
    ):
        assert f"## {heading}\n" in text
    assert "**offline**" in text
    assert "— **Bob Stone** (tomorrow morning)" in text
    assert "— Ann Lee, 0:40 \\[7\\]" in text
    assert "| Ann Lee | 42% | 4 |" in text


@pytest.mark.parametrize(("quality", "is_told"), [({"validation": 0.5}, True), ({}, False)])
async def test_it_exports_how_many_answers_were_valid_at_once_as_the_page_tells_it(
    quality: dict[str, float], is_told: bool
) -> None:
    report = (await run("Ann: Hello there.\nBob: Hi.")).outputs["report"]
    text = export.as_markdown(Job(title="Stand-up", kind="meeting", quality=quality), report)
    assert ("- Valid at once: 50% of the AI service's answers" in text) is is_told


async def test_it_exports_what_is_absent_as_a_dash_and_none_as_none() -> None:
    text = exported((await run("Ann: Hello there.\nBob: Hi.")).outputs["report"])
    assert "| Ann | 66% | 1 | 2 | – |" in text
    assert "No decisions found." in text
    assert "No action items found." in text
    assert "no score" in text


async def test_it_exports_hostile_words_as_words() -> None:
    report = (await run("Eve: # <script>alert(1)</script> [x](http://evil.example) **bold**")).outputs[
        "report"
    ]
    text = exported(report)
    assert "<script>" not in text
    assert "[x](" not in text
    assert "**bold**" not in text
