"""The contract between the engine and whatever answers an AI request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

OnText = Callable[[str], None]
"""Called with each piece of streamed text, on the event loop's thread."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a provider.

    Args:
        task: stable name of what is asked (``"meetings.content"``), for logs, prices and tests.
        instructions: what to do, written by us; the system message.
        text: the material, written by people. It is data: providers must never let it give orders.
        answer: the pydantic model that the answer must fit; None for plain text.
        offline: makes the answer without any AI service, from ``text`` or what it closes over. A plain
            blocking function, run in a thread; it returns an instance of ``answer``, or a string when
            ``answer`` is None. None where no honest offline way exists.
        max_output_tokens: the most the answer may cost, in tokens.
    """

    task: str
    instructions: str
    text: str
    answer: type[BaseModel] | None = None
    offline: Callable[[], BaseModel | str] | None = field(default=None, compare=False)
    max_output_tokens: int = 2048

    def fingerprint(self) -> str:
        """SHA-256 over all that shapes the answer; the key under which a paid answer is kept."""
        schema = self.answer.model_json_schema() if self.answer else None
        parts = [self.task, self.instructions, self.text, schema, self.max_output_tokens]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took: tokens in and out, and USD. None means unknown, which is not zero."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered.

    Args:
        provider: name of the provider.
        model: the model or the offline method that made it.
        text: the answer as text; JSON when a model was asked for. What is stored before it is used.
        usage: what it took.
        offline: whether no AI service was involved; pages must say so.
    """

    provider: str
    model: str
    text: str
    usage: Usage
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """What a provider says of itself: ``state`` is ok, degraded or down; latency in milliseconds."""

    state: str
    detail: str = ""
    latency_ms: float | None = None


class Provider(Protocol):
    """Something that answers requests.

    ``ask`` raises a `jobs.errors.ProviderError` and nothing else, but for what ``request.offline`` or
    ``on_text`` raise, which pass; being cancelled, it aborts its HTTP call. It never retries: the engine
    owns the one retry loop. It returns the answer as it came; whether it fits ``request.answer`` is
    checked by the caller, after it was stored.
    """

    name: ClassVar[str]

    async def ask(self, request: Request, on_text: OnText | None = None) -> Answer:
        """Answers ``request``, handing streamed text to ``on_text`` as it arrives."""

    async def health(self) -> Health:
        """Whether it could answer now, found out without paying for it."""

    def estimate(self, request: Request) -> Usage:
        """What ``request`` will take at most, guessed before the call. Does no I/O."""

    async def close(self) -> None:
        """Closes what it holds open on the running event loop; the next `ask` opens it anew."""


def stored(answer: Answer) -> dict[str, Any]:
    """``answer`` as JSON, for keeping it with its attempt."""
    usage = answer.usage
    cost = None if usage.cost_usd is None else str(usage.cost_usd)
    return {
        "provider": answer.provider,
        "model": answer.model,
        "text": answer.text,
        "offline": answer.offline,
        "usage": {"tokens_in": usage.tokens_in, "tokens_out": usage.tokens_out, "cost_usd": cost},
    }


def restored(data: dict[str, Any]) -> Answer:
    """The inverse of `stored`."""
    usage = data["usage"]
    cost = None if usage["cost_usd"] is None else Decimal(usage["cost_usd"])
    return Answer(
        provider=data["provider"],
        model=data["model"],
        text=data["text"],
        offline=data["offline"],
        usage=Usage(usage["tokens_in"], usage["tokens_out"], cost),
    )
