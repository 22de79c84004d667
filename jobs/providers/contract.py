"""The contract between the engine and whatever answers an AI request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
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
class Allowance:
    """One of the limits that a service says it keeps.

    Args:
        limit: how many a minute; None when it did not say.
        left: how many of them are left.
        renews_in: seconds until none is used.
    """

    limit: int | None = None
    left: int | None = None
    renews_in: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a service said besides its answer, or its refusal: what that took, and how much more it takes."""

    usage: Usage | None = None
    requests: Allowance = Allowance()
    tokens: Allowance = Allowance()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered.

    Args:
        provider: name of the provider.
        model: the model or the offline method that made it.
        text: the answer as text; JSON when a model was asked for. What is stored before it is used.
        usage: what it took.
        offline: whether no AI service was involved; pages must say so.
        told: the limits that the service keeps, if it said.
    """

    provider: str
    model: str
    text: str
    usage: Usage
    offline: bool = False
    told: Told = field(default=Told(), compare=False)


@dataclass(frozen=True, slots=True)
class Embedding:
    """Vectors of texts, which are near each other where the texts are near in meaning.

    Args:
        provider: name of the provider.
        model: what made them; vectors of two models can't be compared.
        vectors: one for each text, in order, all of one length; scaled to length 1.
        usage: what it took.
        offline: whether no AI service was involved.
        told: the limits that the service keeps, if it said.
    """

    provider: str
    model: str
    vectors: tuple[tuple[float, ...], ...]
    usage: Usage
    offline: bool = False
    told: Told = field(default=Told(), compare=False)


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

    Attributes:
        name: its folder's.
        model: the model that answers; "" where that has no name.
        embedding_model: the model that embeds.
        endpoints: the places that serve the model, by short names; they share the load.
        metered: whether calls go through doors with limits, cost money, or can fail for all. What computes
            on this machine is not.
    """

    name: ClassVar[str]
    model: str
    embedding_model: str
    endpoints: tuple[str, ...]
    metered: bool

    async def ask(self, request: Request, on_text: OnText | None = None, *, endpoint: str = "") -> Answer:
        """Answers ``request`` from one of its ``endpoints``, handing streamed text to ``on_text`` as it
        arrives. Without a name it may take any of them."""

    async def embed(self, texts: Sequence[str], *, endpoint: str = "") -> Embedding:
        """Vectors of ``texts``, in one request."""

    def estimate_embedding(self, texts: Sequence[str]) -> Usage:
        """What embedding ``texts`` will take at most, guessed before the call. Does no I/O."""

    async def health(self) -> Health:
        """Whether it could answer now, found out without paying for it."""

    def estimate(self, request: Request) -> Usage:
        """What ``request`` will take at most, guessed before the call. Does no I/O."""

    async def close(self) -> None:
        """Closes what it holds open on the running event loop; the next `ask` opens it anew."""


def stored(answer: Answer | Embedding) -> dict[str, Any]:
    """``answer`` as JSON, for keeping it with its attempt."""
    usage = answer.usage
    cost = None if usage.cost_usd is None else str(usage.cost_usd)
    words = {"text": answer.text} if isinstance(answer, Answer) else {"vectors": answer.vectors}
    return {
        "provider": answer.provider,
        "model": answer.model,
        **words,
        "offline": answer.offline,
        "usage": {"tokens_in": usage.tokens_in, "tokens_out": usage.tokens_out, "cost_usd": cost},
    }


def restored(data: dict[str, Any]) -> Answer:
    """The inverse of `stored`, of an answer in words."""
    usage = data["usage"]
    cost = None if usage["cost_usd"] is None else Decimal(usage["cost_usd"])
    return Answer(
        provider=data["provider"],
        model=data["model"],
        text=data["text"],
        offline=data["offline"],
        usage=Usage(usage["tokens_in"], usage["tokens_out"], cost),
    )
