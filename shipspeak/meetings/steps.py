"""The steps of a meeting analysis: parse → sample → [content, delivery, communication] → report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from jobs.errors import InvalidData
from jobs.kinds import Context
from jobs.outcomes import Succeeded
from shipspeak.meetings import checks, communication, content, corpus, languages, quality
from shipspeak.meetings.answers import CommunicationAnswer, ContentAnswer
from shipspeak.meetings.corpus import Corpus, Report, part
from shipspeak.meetings.numbers import numbers
from shipspeak.meetings.parsing import Transcript, Turn, Unreadable, read, read_text
from shipspeak.meetings.passages import Line
from shipspeak.meetings.report import report as assembled
from shipspeak.meetings.sampling import sample as sampled
from shipspeak.meetings.schemas import MeetingInput, MeetingOptions


async def parse(context: Context) -> Succeeded:
    """Reads the transcript, finds its language, cuts it into sentences."""
    output = await context.in_thread(_parse, context)
    return Succeeded(output, {"parsing": output["understood"]})


async def sample(context: Context) -> Succeeded:
    """Chooses the passages that an AI service gets to see."""
    output = await context.in_thread(_sample, context)
    return Succeeded(output, {"coverage": output["coverage"]})


async def find_content(context: Context) -> Succeeded:
    """Summary, decisions, action items and topics."""
    meeting = await context.in_thread(Corpus.load, context.outputs["parse"])
    context.progress(0.05, "Reading the passages that matter")
    asked = content.request(meeting, _lines(context), context.options, part(context.progress, 0.05, 0.9))
    answer = cast("ContentAnswer", await context.ask_for(asked))
    context.progress(0.92, "Checking quotes against the transcript")
    output = await context.in_thread(content.checked, answer, meeting)
    return Succeeded(output, {"evidence": quality.evidence(output["given"], output["kept"])})


async def count_delivery(context: Context) -> Succeeded:
    """Numbers of each speaker; no AI."""
    return Succeeded(await context.in_thread(_delivery, context))


async def score_communication(context: Context) -> Succeeded:
    """Communication scores with evidence and advice."""
    meeting = await context.in_thread(Corpus.load, context.outputs["parse"])
    context.progress(0.05, "Listening to how people talk")
    asked = communication.request(
        meeting, _lines(context), context.options, part(context.progress, 0.05, 0.9)
    )
    answer = cast("CommunicationAnswer", await context.ask_for(asked))
    context.progress(0.92, "Checking quotes against the transcript")
    output = await context.in_thread(communication.checked, answer, meeting)
    return Succeeded(output)


async def write_report(context: Context) -> Succeeded:
    """Puts everything together."""
    context.progress(0.1, "Putting the report together")
    made = await context.in_thread(assembled, context.input, context.filename, dict(context.outputs))
    return Succeeded(made, made.quality.model_dump(), degraded=bool(made.missing))


def _parse(context: Context) -> dict[str, Any]:
    context.progress(0.02, "Reading the transcript")
    transcript = _read(context.upload, context.input)
    options: MeetingOptions = context.options
    context.progress(0.2, f"{len(transcript.turns):,} turns; telling the language")
    texts = [turn.text for turn in transcript.turns]
    chosen = options.language != "auto"
    language = languages.named(options.language) if chosen else languages.detect(texts)
    spans = corpus.cut(transcript.turns, language.code, part(context.progress, 0.3, 0.98))
    return {
        "format": transcript.format,
        "turns": [_turn(turn) for turn in transcript.turns],
        "sentences": spans,
        "language": asdict(language),
        "problems": [asdict(problem) for problem in transcript.problems],
        "duration": transcript.duration,
        "understood": transcript.understood,
    }


def _read(upload: Path | None, given: MeetingInput) -> Transcript:
    try:
        transcript = read(upload.read_bytes()) if upload else read_text(given.text)
    except Unreadable as error:
        raise InvalidData(str(error)) from None
    fault = checks.fault(transcript)
    if fault:
        raise InvalidData(fault)
    return transcript


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "index": turn.index,
        "speaker": turn.speaker,
        "text": turn.text,
        "start": turn.start,
        "end": turn.end,
    }


def _sample(context: Context) -> dict[str, Any]:
    context.progress(0.05, "Weighing the words")
    options: MeetingOptions = context.options
    meeting = Corpus.load(context.outputs["parse"])
    report: Report = part(context.progress, 0.2, 0.98)
    chosen = sampled(meeting, options.token_budget, options.focus, report)
    lines = [line for passage in chosen.chosen for line in passage.lines]
    return {
        "lines": [asdict(line) for line in lines],
        "turns": sorted({line.turn for line in lines}),
        "whole": chosen.whole,
        "tokens": chosen.tokens,
        "budget": chosen.budget,
        "passages": len(chosen.chosen),
        "of_passages": chosen.of_passages,
        "coverage": chosen.coverage,
    }


def _lines(context: Context) -> list[Line]:
    return [Line(**line) for line in context.outputs["sample"]["lines"]]


def _delivery(context: Context) -> dict[str, Any]:
    context.progress(0.1, "Counting who says how much")
    parsed = context.outputs["parse"]
    turns = [Turn(**turn) for turn in parsed["turns"]]
    counted = numbers(turns, parsed["language"]["code"])
    return {
        "meeting": counted.meeting.model_dump(),
        "speakers": [speaker.model_dump() for speaker in counted.speakers],
    }
