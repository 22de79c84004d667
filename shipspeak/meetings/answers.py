"""What a provider is asked to answer. Lenient on purpose: what is off is put right, not paid for twice.

``made_offline`` and a summary sentence's ``speaker`` are not in the schema that an AI service sees; the
offline tools set them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

Dimension = Literal["clarity", "structure", "listening", "confidence", "concision", "inclusion", "tone"]


class Quote(BaseModel):
    """Words copied from the transcript."""

    turn: int = Field(description="The number in brackets before the quoted line.")
    quote: str = Field(description="Up to 40 words, copied exactly from that line.")


class SummaryFound(BaseModel):
    """One sentence of the summary."""

    text: str
    turns: list[int] = Field(description="Numbers of the lines that it rests on.")
    speaker: SkipJsonSchema[str | None] = None


class DecisionFound(BaseModel):
    """One thing that was decided."""

    text: str
    evidence: Quote


class ActionFound(BaseModel):
    """One thing that someone is to do."""

    text: str
    owner: str | None = Field(description="Who is to do it, if it was said; else null.")
    due: str | None = Field(description="By when, in the words used, if it was said; else null.")
    evidence: Quote


class TopicFound(BaseModel):
    """One stretch of the meeting about one thing."""

    title: str
    start_turn: int
    end_turn: int


class ContentAnswer(BaseModel):
    """What a meeting was about and what came out of it."""

    summary: list[SummaryFound]
    decisions: list[DecisionFound]
    action_items: list[ActionFound]
    topics: list[TopicFound]
    made_offline: SkipJsonSchema[bool] = False


class ScoreFound(BaseModel):
    """One side of communication, scored."""

    name: Dimension
    score: int | None = Field(description="0 (poor) to 100 (excellent); null if it can't be told.")
    why: str = Field(description="One or two sentences.")
    evidence: list[Quote]
    advice: str = Field(description="One thing to do differently, or to keep doing.")


class CommunicationAnswer(BaseModel):
    """How people communicated."""

    scores: list[ScoreFound]
    made_offline: SkipJsonSchema[bool] = False
