"""What the tests of providers share: requests, a model that answers must fit, a provider at an address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobs.providers.contract import Request
from jobs.providers.openai.provider import OpenAIProvider


class Decision(BaseModel):
    """Something that was decided."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=120)
    quote: str
    certainty: float = Field(ge=0, le=1)
    owner: str | None = None


class Minutes(BaseModel):
    """A form with all that forms have: enums, bounds, lists, optional parts, parts of parts."""

    model_config = ConfigDict(extra="forbid")
    mood: Literal["good", "mixed", "bad"]
    score: int = Field(ge=1, le=10)
    decisions: list[Decision] = Field(min_length=1, max_length=5)
    next_meeting: str | None = None
    done: bool = False


MATERIAL = "Alice: We ship on Friday.\nBob: Then I test on Thursday."


def minutes() -> Minutes:
    """Minutes made offline."""
    decision = Decision(title="Ship", quote="We ship on Friday.", certainty=0.9)
    return Minutes(mood="good", score=7, decisions=[decision])


def request(text: str = MATERIAL, **fields: Any) -> Request:
    """A request for plain text."""
    return Request("tests.ask", "Say what matters in it.", text, **fields)


def request_for_minutes(text: str = MATERIAL, **fields: Any) -> Request:
    """A request for an answer of a form."""
    return Request("tests.minutes", "Write minutes.", text, answer=Minutes, **{"offline": minutes, **fields})


def openai_at(url: str, **fields: Any) -> OpenAIProvider:
    """A provider that asks the service at ``url``."""
    return OpenAIProvider(
        **{
            "key": "sk-test",
            "addresses": [url] if url else [],
            "model": "gpt-5-mini",
            "embedding_model": "text-embedding-3-small",
            "silence": 5.0,
            **fields,
        }
    )


@asynccontextmanager
async def asking(url: str, **fields: Any) -> AsyncIterator[OpenAIProvider]:
    """The same, closed at the end."""
    provider = openai_at(url, **fields)
    try:
        yield provider
    finally:
        await provider.close()
