"""The steps of a meeting analysis: parse → sample → [content, delivery, communication] → report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from jobs.errors import InvalidData
from jobs.kinds import Context
from jobs.outcomes import Succeeded
from jobs.providers import chain
from jobs.providers.local.provider import LocalProvider
from shipspeak.meetings import checks, communication, content, corpus, languages, quality
from shipspeak.meetings.answers import CommunicationAnswer, ContentAnswer
from shipspeak.meetings.content import Content
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
    return Succeeded(output, {} if _asks_nobody() else {"coverage": output["coverage"]})


async def find_content(context: Context) -> Succeeded:
    """Summary, decisions, action items and topics."""
    context.progress(0.01, "Opening the transcript for the summary")
    meeting = await context.in_thread(Corpus.load, context.outputs["parse"])
    context.progress(0.05, "Finding out what was said and decided")
    asked = content.request(meeting, _lines(context), context.options, part(context.progress, 0.05, 0.9))
    answer = cast("ContentAnswer", await context.ask_for(asked))
    context.progress(0.92, "Looking up the summary's quotes in the transcript")
    output = await context.in_thread(content.checked, answer, meeting)
    return Succeeded(output, _measured(output))


async def count_delivery(context: Context) -> Succeeded:
    """Numbers of each speaker; no AI."""
    return Succeeded(await context.in_thread(_delivery, context))


async def score_communication(context: Context) -> Succeeded:
    """Communication scores with evidence and advice."""
    context.progress(0.01, "Opening the transcript for the scores")
    meeting = await context.in_thread(Corpus.load, context.outputs["parse"])
    context.progress(0.05, "Looking at how people talk")
    asked = communication.request(
        meeting, _lines(context), context.options, part(context.progress, 0.05, 0.9)
    )
    answer = cast("CommunicationAnswer", await context.ask_for(asked))
    context.progress(0.92, "Looking up the scores' quotes in the transcript")
    output = await context.in_thread(communication.checked, answer, meeting)
    return Succeeded(output)


async def write_report(context: Context) -> Succeeded:
    """Puts everything together."""
    context.progress(0.1, "Putting the report together")
    made = await context.in_thread(assembled, context.input, context.filename, dict(context.outputs))
    return Succeeded(made, made.quality.model_dump(exclude_none=True), degraded=bool(made.missing))


def _measured(output: Content) -> dict[str, float]:
    """The indicators that a content step can tell: offline all was read, and no quote needs looking up."""
    if output["offline"]:
        return {"coverage": 1.0}
    found = quality.evidence(output["given"], output["kept"])
    return {} if found is None else {"evidence": found}


def _parse(context: Context) -> dict[str, Any]:
    context.progress(0.02, "Reading the file: who speaks, and when")
    transcript = _read(context.upload, context.input)
    options: MeetingOptions = context.options
    context.progress(0.2, f"Finding out which language the {len(transcript.turns):,} turns are in")
    texts = [turn.text for turn in transcript.turns]
    chosen = options.language != "auto"
    language = languages.named(options.language) if chosen else languages.detect(texts)
    spans = corpus.cut(transcript.turns, language.code, part(context.progress, 0.3, 0.98))
    context.progress(0.99, f"Read {len(transcript.turns):,} turns, {len(spans):,} sentences")
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
        "assumed": turn.assumed,
    }


def _sample(context: Context) -> dict[str, Any]:
    context.progress(0.05, "Finding out which words matter in this meeting")
    options: MeetingOptions = context.options
    meeting = Corpus.load(context.outputs["parse"])
    progress = _without_indicators(context.progress) if _asks_nobody() else context.progress
    report = part(progress, 0.2, 0.98)
    chosen = sampled(meeting, options.token_budget, options.focus, report)
    lines = [line for passage in chosen.chosen for line in passage.lines]
    return {
        "lines": [asdict(line) for line in lines],
        "turns": sorted({line.turn for line in lines}),
        "whole": chosen.whole,
        "tokens": chosen.tokens,
        "budget": chosen.budget,
        "of_tokens": chosen.of_tokens,
        "passages": len(chosen.chosen),
        "of_passages": chosen.of_passages,
        "coverage": chosen.coverage,
    }


def _asks_nobody() -> bool:
    """Whether the offline tools are the first of the chain: they read all, and the sample is for nobody."""
    return chain.providers()[0].name == LocalProvider.name


def _without_indicators(report: Report) -> Report:
    """``report`` that does not tell indicators, for work whose figures would mislead."""

    def reported(fraction: float, stage: str = "", **quality: float) -> None:
        report(fraction, stage)

    return reported


def _lines(context: Context) -> list[Line]:
    return [Line(**line) for line in context.outputs["sample"]["lines"]]


def _delivery(context: Context) -> dict[str, Any]:
    context.progress(0.1, "Counting turns, words and times of each speaker")
    parsed = context.outputs["parse"]
    turns = [Turn(**turn) for turn in parsed["turns"]]
    counted = numbers(turns, parsed["language"]["code"])
    return {
        "meeting": counted.meeting.model_dump(),
        "speakers": [speaker.model_dump() for speaker in counted.speakers],
    }
