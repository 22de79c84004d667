"""The kind of job that analyses a meeting."""

from __future__ import annotations

import math
from decimal import Decimal

from jobs.kinds import Estimate, Kind, Step, register
from jobs.providers import chain
from shipspeak.meetings import checks, communication, content, report, steps
from shipspeak.meetings.corpus import Corpus
from shipspeak.meetings.parsing.sniff import SRT, TEXT, VTT
from shipspeak.meetings.passages import Line
from shipspeak.meetings.schemas import MeetingInput, MeetingOptions, MeetingReport

BYTES_PER_TOKEN = 4
SECONDS_PER_MEGABYTE = 8.0
"""Work on a megabyte of transcript, all steps together, measured on two cores."""


def job_title(given: MeetingInput, filename: str) -> str:
    """What the job is called before anything of it is read."""
    return report.title(given, filename, []) if given.title or filename else "Pasted transcript"


def estimate(given: MeetingInput, options: MeetingOptions, size: int) -> Estimate:
    """What a meeting will take at the first provider of the chain.

    Args:
        given: the input.
        options: how much of it is to be read.
        size: bytes of the uploaded file, 0 for pasted text.
    """
    size = size or len(given.text.encode("utf-8", "replace"))
    letters = min(size, options.token_budget * BYTES_PER_TOKEN)
    provider = chain.providers()[0]
    lines = [Line(0, None, "x" * letters)]
    nobody = Corpus("en", (), ())
    asked = [one.request(nobody, lines, options, _silent) for one in (content, communication)]
    usages = [provider.estimate(request) for request in asked]
    costs = [usage.cost_usd for usage in usages]
    return Estimate(
        cost_usd=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
        tokens=sum((usage.tokens_in or 0) + (usage.tokens_out or 0) for usage in usages),
        seconds=math.fsum(step.seconds for step in STEPS) + SECONDS_PER_MEGABYTE * size / 2**20,
    )


def _silent(fraction: float, stage: str = "", **quality: float) -> None:
    """Hears how far offline work is, of which an estimate does none."""


STEPS = (
    Step("parse", "Transcript", steps.parse, seconds=1.0),
    Step("sample", "Passages that matter", steps.sample, ("parse",), seconds=0.5),
    Step("content", "Summary and decisions", steps.find_content, ("parse", "sample"), seconds=4.0, asks=True),
    Step("delivery", "Speaking numbers", steps.count_delivery, ("parse", "sample"), seconds=0.5),
    Step(
        "communication",
        "Communication scores",
        steps.score_communication,
        ("parse", "sample"),
        # A report without scores still says what the meeting came to; one without content does not.
        optional=True,
        seconds=3.0,
        asks=True,
    ),
    Step(
        "report",
        "Report",
        steps.write_report,
        ("parse", "sample", "content", "delivery", "communication"),
        seconds=0.3,
    ),
)

register(
    Kind(
        name="meeting",
        title="Meeting analysis",
        description="Turns a meeting's transcript into a summary, decisions, action items, topics, numbers "
        "of each speaker and communication scores with evidence.",
        input=MeetingInput,
        options=MeetingOptions,
        output=MeetingReport,
        accepts=(VTT, SRT, TEXT),
        files="transcripts as WebVTT (.vtt), SubRip (.srt) or plain text (.txt)",
        steps=STEPS,
        sniff=checks.sniff,
        check_upload=checks.check_upload,
        check_input=checks.check_input,
        job_title=job_title,
        estimate=estimate,
        template="meetings/_report.html",
        markdown="meetings/export.md",
    )
)
