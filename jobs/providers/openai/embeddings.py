"""Reading embeddings that a service sends, which may be anything."""

from __future__ import annotations

import json
import math

from pydantic import BaseModel, Field, FiniteFloat

from jobs.errors import ProviderError
from jobs.providers.openai.completions import Count
from jobs.providers.openai.failures import translated

Vectors = tuple[tuple[float, ...], ...]


class _One(BaseModel):
    index: int
    embedding: list[FiniteFloat] = Field(min_length=1)


class _Usage(BaseModel):
    prompt_tokens: Count | None = None


class _All(BaseModel):
    data: list[_One]
    usage: _Usage = _Usage()


def read(answered: str, count: int) -> tuple[Vectors, int | None]:
    """``count`` vectors in the order of the texts, scaled to length 1, and the tokens they took.

    Raises a `ProviderError` when they are not that many, or of different lengths.
    """
    with translated():
        sent = _All.model_validate(json.loads(answered))
    by_index = {one.index: one.embedding for one in sent.data}
    if set(by_index) != set(range(count)) or len({len(vector) for vector in by_index.values()}) != 1:
        raise ProviderError(detail=f"{len(sent.data)} embeddings for {count} texts, or of different lengths")
    return tuple(_scaled(by_index[place]) for place in range(count)), sent.usage.prompt_tokens


def _scaled(vector: list[float]) -> tuple[float, ...]:
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return tuple(value / length for value in vector)
