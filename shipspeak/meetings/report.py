"""The report: the outputs of all steps as one result, for the page and for the export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from shipspeak.meetings.quality import evidence, quality
from shipspeak.meetings.schemas import (
    ActionItem,
    Decision,
    FileProblem,
    LanguageFound,
    MeetingInput,
    MeetingNumbers,
    MeetingReport,
    Missing,
    Sampling,
    Score,
    SpeakerNumbers,
    SummarySentence,
    Topic,
    TranscriptTurn,
)

NO_COMMUNICATION = (
    "Communication could not be scored: that step failed. All else is complete; retry the job to try again."
)
NOT_NAMES = frozenset({"transcript", "untitled", "meeting", "audio", "file", "upload", "text"})


def report(given: MeetingInput, filename: str, outputs: Mapping[str, Any]) -> MeetingReport:
    """The result of the job.

    Args:
        given: the job's input.
        filename: the name the person's file had; "" without one.
        outputs: by step name; ``communication`` is None when that optional step failed.
    """
    parsed, sampled, content = outputs["parse"], outputs["sample"], outputs["content"]
    delivery, communication = outputs["delivery"], outputs["communication"]
    parts = [part for part in (content, communication) if part]
    asked = [part for part in parts if not part["offline"]]
    offline = len(asked) < len(parts)
    read = _whole(sampled, len(parsed["turns"])) if not asked else _sample(sampled)
    topics = [Topic(**one) for one in content["topics"]]
    return MeetingReport(
        title=title(given, filename, topics),
        format=parsed["format"],
        language=LanguageFound(**parsed["language"]),
        duration=parsed["duration"],
        offline=offline,
        summary=[SummarySentence(**one) for one in content["summary"]],
        decisions=[Decision(**one) for one in content["decisions"]],
        action_items=[ActionItem(**one) for one in content["action_items"]],
        topics=topics,
        meeting=MeetingNumbers(**delivery["meeting"]),
        speakers=[SpeakerNumbers(**one) for one in delivery["speakers"]],
        communication=[Score(**one) for one in communication["scores"]] if communication else [],
        turns=[TranscriptTurn(**one) for one in parsed["turns"]],
        problems=[FileProblem(**one) for one in parsed["problems"]],
        missing=[] if communication else [Missing(part="communication", why=NO_COMMUNICATION)],
        quality=quality(
            coverage=read.coverage,
            evidence=evidence(sum(part["given"] for part in asked), sum(part["kept"] for part in asked)),
            parsing=parsed["understood"],
            offline=offline,
        ),
        sampling=read,
    )


def _sample(sampled: Mapping[str, Any]) -> Sampling:
    """The passages that an AI service read."""
    return Sampling(**{name: sampled[name] for name in Sampling.model_fields})


def _whole(sampled: Mapping[str, Any], turns: int) -> Sampling:
    """All of the transcript, which is what the offline tools read."""
    return Sampling(
        whole=True,
        tokens=sampled.get("of_tokens", sampled["tokens"]),
        budget=sampled["budget"],
        passages=sampled["of_passages"],
        of_passages=sampled["of_passages"],
        turns=list(range(turns)),
        coverage=1.0,
    )


def title(given: MeetingInput, filename: str, topics: list[Topic]) -> str:
    """What to call the meeting: as its owner did, as the file is called, or by its first topic."""
    return given.title.strip() or from_filename(filename) or (topics[0].title if topics else "Meeting")


def from_filename(filename: str) -> str:
    """A title from a file's name, or "" when the name says nothing."""
    stem = PurePath(filename.replace("\\", "/")).stem.replace("_", " ").replace(".", " ")
    words = " ".join(stem.split())
    return "" if words.casefold() in NOT_NAMES else words[:1].upper() + words[1:]
