"""Reading what a service sends, which may be anything: checked here, trusted after."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated

import openai
from pydantic import BaseModel, Field, ValidationError

from jobs.errors import ProviderError, ProviderRejected, ProviderUnreachable
from jobs.providers.characters import storable
from jobs.providers.contract import OnText
from jobs.providers.openai.failures import translated

Answered = str | openai.AsyncStream[object]
"""What the SDK gives: a body, word for word, or a stream of chunks as they were decoded."""
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Details(BaseModel):
    cached_tokens: Count | None = None


class _Usage(BaseModel):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None


class _Words(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Words
    finish_reason: str | None = None


class _Whole(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: object = None


class _ChunkChoice(BaseModel):
    delta: _Words | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_ChunkChoice] = []
    usage: object = None


@dataclass(slots=True)
class Completion:
    """What a service answered, and what it took in tokens; None where it did not say.

    Args:
        finish: why it ended: ``stop``, ``length``, ``content_filter``; "" while it has not.
        refusal: what the model said instead of answering.
    """

    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int = 0
    finish: str = ""
    refusal: str = ""
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer."""
        return "".join(self.pieces)

    def add(self, words: _Words | None, finish: str | None) -> str:
        """Takes in a piece of the answer and gives its text."""
        piece = storable((words and words.content) or "")
        self.pieces.append(piece)
        self.refusal += (words and words.refusal) or ""
        self.finish = finish or self.finish
        return piece

    def count(self, sent: object) -> None:
        """Takes in what was used so far; the last word counts. Nonsense makes it unknown: the answer to it
        is paid for, and may be good."""
        if sent is None:
            return
        try:
            usage = _Usage.model_validate(sent)
        except ValidationError:
            usage = _Usage()
        self.tokens_in, self.tokens_out = usage.prompt_tokens, usage.completion_tokens
        details = usage.prompt_tokens_details
        self.tokens_cached = (details and details.cached_tokens) or 0


async def read(answered: Answered, on_text: OnText, completion: Completion) -> None:
    """Reads a body or a stream into ``completion``; a stream's text goes to ``on_text`` piece by piece.

    Raises a `ProviderError` when it was refused, cut, empty, or no completion at all.
    """
    if isinstance(answered, str):
        _whole(answered, completion)
    else:
        await _streamed(answered, on_text, completion)
    _check(completion)


def model_names(page: object) -> list[str]:
    """Names of the models in a list of them; none where the list is of an unknown form."""
    models = getattr(page, "data", None)
    return [str(getattr(model, "id", "")) for model in models] if isinstance(models, list) else []


def _whole(answered: str, completion: Completion) -> None:
    with translated():
        sent = _Whole.model_validate(json.loads(answered))
    completion.add(sent.choices[0].message, sent.choices[0].finish_reason)
    completion.count(sent.usage)


async def _streamed(answered: openai.AsyncStream[object], on_text: OnText, completion: Completion) -> None:
    async with aclosing(_chunks(answered)) as chunks:
        async for chunk in chunks:
            completion.count(chunk.usage)
            for choice in chunk.choices[:1]:
                piece = completion.add(choice.delta, choice.finish_reason)
                if piece:
                    on_text(piece)
    if not completion.finish:
        raise ProviderUnreachable(
            "The AI service broke off in the middle of its answer. It is asked again by itself.",
            detail=f"the stream ended after {len(completion.text)} characters without a finish_reason",
        )


async def _chunks(stream: openai.AsyncStream[object]) -> AsyncGenerator[_Chunk, None]:
    with translated():
        async with stream:
            async for chunk in stream:
                yield _Chunk.model_validate(chunk)


def _check(completion: Completion) -> None:
    detail = f"finish_reason {completion.finish!r}, usage {completion.tokens_in} + {completion.tokens_out}"
    if completion.refusal or completion.finish == "content_filter":
        message = "The AI service refuses to answer this, by its rules. Change the text and submit it again."
        raise ProviderRejected(message, detail=f"{completion.refusal[:500]} {detail}".strip())
    if not completion.text:
        raise ProviderError(
            "The AI service answered with nothing. It is asked again by itself.", detail=detail
        )
