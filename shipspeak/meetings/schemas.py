"""What a meeting analysis takes and gives. `MeetingReport` is what the result page draws."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_TEXT = 5_000_000
"""Characters of pasted text; some sixty hours of speech."""
REPORT_VERSION = 1


class MeetingInput(BaseModel):
    """A pasted transcript, when there is no file, and a title."""

    model_config = ConfigDict(extra="forbid", title="Meeting")

    text: str = Field(
        default="",
        max_length=LONGEST_TEXT,
        title="Transcript",
        description="A transcript pasted as text: WebVTT, SubRip, or lines such as “Name: words”. Leave "
        "it out when you upload a file.",
    )
    title: str = Field(default="", max_length=200, title="Title", description="What to call the meeting.")


class MeetingOptions(BaseModel):
    """How to analyse it."""

    model_config = ConfigDict(extra="forbid", title="Options")

    language: str = Field(
        default="auto",
        pattern=r"^(auto|[a-z]{2,3})$",
        title="Language",
        description="“auto”, or the language's ISO 639 code such as “en”.",
    )
    focus: str = Field(
        default="",
        max_length=300,
        title="Focus",
        description="A subject or a speaker that the sample and the summary should favour.",
    )
    token_budget: int = Field(
        default=6000,
        ge=500,
        le=100_000,
        title="Token budget",
        description="How many tokens of the transcript an AI service may be sent; the passages that matter "
        "most are chosen.",
    )


class Measure(BaseModel):
    """A number that may be unknown: then ``value`` is null and ``why`` says why. Never zero for unknown."""

    value: float | None = None
    why: str = ""


class Evidence(BaseModel):
    """A passage that shows something: ``quote`` stands word for word in the turn with index ``turn``."""

    turn: int
    quote: str
    speaker: str | None
    start: float | None


class SummarySentence(BaseModel):
    """A sentence of the summary and the turns it rests on (none: on the meeting's numbers).

    ``speaker`` is who said it, where the sentence was said and not written.
    """

    text: str
    turns: list[int]
    speaker: str | None = None


class Decision(BaseModel):
    """Something that was decided, and where."""

    text: str
    evidence: Evidence


class ActionItem(BaseModel):
    """Something that someone is to do. ``owner`` and ``due`` are null unless they were stated."""

    text: str
    owner: str | None
    due: str | None
    evidence: Evidence


class Topic(BaseModel):
    """A stretch of the meeting about one thing: turn indexes, both included, and seconds if known."""

    title: str
    start_turn: int
    end_turn: int
    start: float | None
    end: float | None
    share: float = Field(description="Share of the meeting's words, 0..1.")


class WordCount(BaseModel):
    """How often a word or phrase was said."""

    word: str
    count: int


class SpeakerNumbers(BaseModel):
    """What can be counted about one speaker; the formulas are in `numbers.py`."""

    name: str | None = Field(description="Null for what the transcript gives to nobody.")
    turns: int
    words: int
    share: float = Field(description="Share of talk, 0..1; by `MeetingNumbers.share_basis`.")
    talk_seconds: Measure
    words_per_minute: Measure
    fillers_per_100: Measure
    filler_words: list[WordCount]
    hedges_per_100: Measure
    questions: Measure
    longest_turn_words: int
    longest_turn_seconds: Measure
    longest_turn: int = Field(description="Index of the turn with which it begins.")
    interruptions: Measure


class MeetingNumbers(BaseModel):
    """What can be counted about the meeting as a whole."""

    turns: int
    words: int
    speakers: int
    share_basis: Literal["time", "words"]
    balance: Measure = Field(description="1: all speak alike; 0: one speaks alone.")
    silence_seconds: Measure
    longest_silence_seconds: Measure
    overlap_seconds: Measure


class Score(BaseModel):
    """How well one side of communication went, 0..100, shown by quotes, with one piece of advice.

    ``score`` is null when it can't be told; ``why`` then says why.
    """

    name: str
    title: str
    score: int | None
    why: str
    evidence: list[Evidence]
    advice: str


class TranscriptTurn(BaseModel):
    """A turn of the transcript, as read. ``index`` is what ``#turn-<index>`` links to.

    ``assumed`` says that the file names nobody here, and that the speaker is only the one before.
    """

    index: int
    speaker: str | None
    text: str
    start: float | None
    end: float | None
    assumed: bool = False


class FileProblem(BaseModel):
    """Something odd about the file: a stable code, a sentence, and how often."""

    code: str
    message: str
    count: int


class LanguageFound(BaseModel):
    """ISO 639 code (``und``: unknown), English name, and how certain, 0..1."""

    code: str
    name: str
    certainty: float


class Sampling(BaseModel):
    """What of the transcript the AI parts saw. Offline tools read all of it, whatever the budget."""

    whole: bool
    tokens: int
    budget: int
    passages: int
    of_passages: int
    turns: list[int]
    coverage: float


class Missing(BaseModel):
    """A part that the report lacks because its step failed: ``communication``, and a sentence."""

    part: str
    why: str


class Quality(BaseModel):
    """Indicators, each 0..1; see `quality.py`. Null where nothing was measured, as of offline reports."""

    coverage: float
    evidence: float | None
    parsing: float
    confidence: float | None


class MeetingReport(BaseModel):
    """The result of a meeting analysis: everything that the result page needs.

    ``offline`` says that no AI service was involved in summary, decisions, action items, topics and
    scores; pages must say so. ``duration`` is in seconds, null without times.
    """

    version: int = REPORT_VERSION
    title: str
    format: Literal["vtt", "srt", "text"]
    language: LanguageFound
    duration: float | None
    offline: bool
    summary: list[SummarySentence]
    decisions: list[Decision]
    action_items: list[ActionItem]
    topics: list[Topic]
    meeting: MeetingNumbers
    speakers: list[SpeakerNumbers]
    communication: list[Score]
    turns: list[TranscriptTurn]
    problems: list[FileProblem]
    missing: list[Missing]
    quality: Quality
    sampling: Sampling
