"""The provider that asks a service over HTTP."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

import openai
from pydantic import BaseModel

from jobs import pricing
from jobs.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderTimeout,
)
from jobs.providers.characters import storable
from jobs.providers.contract import Answer, Embedding, Health, OnText, Request, Usage
from jobs.providers.openai import completions, embeddings, waits
from jobs.providers.openai.completions import Answered, Completion
from jobs.providers.openai.dialect import Dialect
from jobs.providers.openai.failures import said, too_long, translated
from jobs.providers.per_loop import PerLoop

PATH = "/chat/completions"
EMBEDDINGS = "/embeddings"
OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 900.0
"""Of one call, against a service that drips for ever. The step's own time is up before, as a rule."""
HEALTH_SECONDS = 3.0
BYTES_PER_TOKEN = 3
"""Prose has 4 to 5 in English and 3 to 6 in other scripts, so this guesses high."""
NO_KEY = "none"
"""Sent where no key is set; the SDK wants one, and services that need none ignore it."""

_headers: ContextVar[list[Mapping[str, str]] | None] = ContextVar("headers", default=None)
"""The headers of the answers to the call that the running task makes; the SDK keeps them to itself."""


class OpenAIProvider:
    """Answers by chat completions.

    Args:
        key: the API key; may be empty with a ``base_url`` of one's own.
        addresses: where the model is served, each with its ``/v1``; none for OpenAI's own. Several share the
            load.
        model: the model to ask.
        embedding_model: the model for embeddings.
        silence: seconds that the service may say nothing.
        total: seconds that one call may take.
    """

    name: ClassVar[str] = "openai"
    metered = True

    def __init__(
        self,
        *,
        key: str,
        addresses: Sequence[str] = (),
        model: str,
        embedding_model: str = "",
        silence: float,
        total: float = TOTAL_SECONDS,
    ) -> None:
        self.model = model
        self.embedding_model = embedding_model
        self._places = {endpoint_name(address): address for address in addresses or [OPENAI]}
        self.endpoints = tuple(self._places)
        self._key = key or (NO_KEY if addresses else "")
        self._silence = silence
        self._total = total
        self._clients = {name: PerLoop(partial(self._connect, name)) for name in self._places}
        self._dialects: dict[type[BaseModel] | None, Dialect] = {}

    async def ask(self, request: Request, on_text: OnText | None = None, *, endpoint: str = "") -> Answer:
        """See `jobs.providers.contract.Provider`. What the service says, word for word."""
        if not self._key:
            raise ProviderAuthError
        place = endpoint or self.endpoints[0]
        heard: list[Mapping[str, str]] = []
        _headers.set(heard)
        async with _limit(self._total):
            answered = await self._understood(request, place, streamed=on_text is not None)
            said = waits.told(heard[-1] if heard else {})
            completion = Completion()
            try:
                await completions.read(answered, on_text or _nobody, completion)
            except ProviderError as error:
                error.told, error.free = replace(said, usage=self._known_usage(completion, place)), False
                raise
        return Answer(self.name, self.model, completion.text, self._usage(completion, place), told=said)

    async def embed(self, texts: Sequence[str], *, endpoint: str = "") -> Embedding:
        """See `jobs.providers.contract.Provider`."""
        if not self._key:
            raise ProviderAuthError
        place = endpoint or self.endpoints[0]
        heard: list[Mapping[str, str]] = []
        _headers.set(heard)
        body = {
            "model": self.embedding_model,
            "input": [storable(text) for text in texts],
            "encoding_format": "float",
        }
        async with _limit(self._total):
            with translated():
                answered = await self._clients[place].get().post(EMBEDDINGS, body=body, cast_to=str)
        vectors, tokens = embeddings.read(answered, len(texts))
        said = waits.told(heard[-1] if heard else {})
        cost = pricing.cost(self.embedding_model, tokens, 0, address=self._places[place])
        return Embedding(self.name, self.embedding_model, vectors, Usage(tokens, 0, cost), told=said)

    def estimate_embedding(self, texts: Sequence[str]) -> Usage:
        """What embedding ``texts`` will take; see `estimate`."""
        size = sum(len(storable(text).encode()) for text in texts)
        return Usage(_tokens(size), 0, self._at_most(self.embedding_model, size, 0))

    async def health(self) -> Health:
        """Whether each endpoint lists its models, ours among them. Costs nothing. One that is well is enough
        to work with, and then another that is not makes it degraded."""
        if not self._key:
            return Health("down", ProviderAuthError().message)
        found = await asyncio.gather(*(self._health_of(place) for place in self.endpoints))
        if len(found) == 1:
            return found[0]
        ill = [f"{name}: {one.detail}" for name, one in zip(self.endpoints, found, strict=True) if one.detail]
        states = {one.state for one in found}
        state = states.pop() if len(states) == 1 else "degraded"
        return Health(state, " ".join(ill), min((o.latency_ms for o in found if o.latency_ms), default=None))

    async def _health_of(self, place: str) -> Health:
        began = time.monotonic()
        try:
            models = await self._models(place)
        except ProviderRateLimited as error:
            return Health("degraded", error.message)
        except ProviderMisconfigured:
            return Health("degraded", "It answers, but does not list its models.")
        except ProviderError as error:
            return Health("down", error.message)
        latency = round(1000 * (time.monotonic() - began), 1)
        if models and not any(model.split(":")[0] == self.model.split(":")[0] for model in models):
            return Health("degraded", f"It does not list the model {self.model!r}.", latency)
        return Health("ok", "", latency)

    def estimate(self, request: Request) -> Usage:
        """What ``request`` will take: its size in tokens, and all that the answer may be.

        The money is what it can be at most: no token is less than a byte, and the dearest endpoint may
        answer.
        """
        dialect = self._dialect(request)
        sent = f"{dialect.messages(request)}{dialect.parameters(request, streamed=True)}"
        size, tokens_out = len(sent.encode()), request.max_output_tokens
        return Usage(_tokens(size), tokens_out, self._at_most(self.model, size, tokens_out))

    def _at_most(self, model: str, tokens_in: int, tokens_out: int) -> Decimal | None:
        """USD at the dearest endpoint; None when the price of one is not known."""
        costs = [
            pricing.cost(model, tokens_in, tokens_out, address=address) for address in self._places.values()
        ]
        known = [cost for cost in costs if cost is not None]
        return max(known) if len(known) == len(costs) else None

    async def close(self) -> None:
        """Closes this loop's connections."""
        for clients in self._clients.values():
            client = clients.take()
            if client:
                await client.close()

    async def _understood(self, request: Request, place: str, *, streamed: bool) -> Answered:
        """What the service sends when asked in the dialect known of it, or else in ever simpler ones.

        That is no retry: what it does not understand it neither works on nor charges, and it is not
        asked so again.
        """
        with translated():
            while True:
                dialect = self._dialect(request)
                asked = dialect.parameters(request, streamed=streamed)
                try:
                    return await self._post(place, {"messages": dialect.messages(request), **asked})
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    simpler = None if too_long(error) else dialect.without(asked, said(error))
                    if simpler is None:
                        raise
                    if self._dialect(request) == dialect:  # else another call has learned more meanwhile
                        self._dialects[request.answer] = simpler

    async def _post(self, place: str, body: dict[str, Any]) -> Answered:
        """Sends what the SDK's own method would send, but has the answer unparsed: we must check it
        anyway, and the SDK's walk through the schema and each piece took half of a call's CPU time."""
        client, body = self._clients[place].get(), {"model": self.model, **body}
        if body.get("stream"):
            stream = openai.AsyncStream[object]
            return await client.post(PATH, body=body, cast_to=object, stream=True, stream_cls=stream)
        return await client.post(PATH, body=body, cast_to=str)

    async def _models(self, place: str) -> list[str]:
        async with _limit(HEALTH_SECONDS):
            with translated():
                page = await self._clients[place].get().models.list()
                return completions.model_names(page)

    def _dialect(self, request: Request) -> Dialect:
        return self._dialects.get(request.answer) or Dialect()

    def _known_usage(self, completion: Completion, place: str) -> Usage | None:
        """What an answer that is no use took, if the service said so."""
        return None if completion.tokens_out is None else self._usage(completion, place)

    def _usage(self, completion: Completion, place: str) -> Usage:
        cost = pricing.cost(
            self.model,
            completion.tokens_in,
            completion.tokens_out,
            cached=completion.tokens_cached,
            address=self._places[place],
        )
        return Usage(completion.tokens_in, completion.tokens_out, cost)

    def _connect(self, place: str) -> openai.AsyncOpenAI:
        timeout = openai.Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence))
        # A plain HTTP client: the SDK's own one starts a task on whatever loop runs when it is collected.
        return openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self._places[place],
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(
                timeout=timeout, event_hooks={"response": [_hear_headers]}
            ),
        )


def endpoint_name(address: str) -> str:
    """What an endpoint is called in doors and statistics: its host, port and path, and never a password."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}{parts.path.rstrip('/').removesuffix('/v1')}"


async def _hear_headers(response: Any) -> None:
    heard = _headers.get()
    if heard is not None:
        heard.append(response.headers)


def _nobody(_: str) -> None:
    """Listens to a stream that was not asked for."""


@asynccontextmanager
async def _limit(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise ProviderTimeout(detail=f"no answer within {seconds:g} s") from None
        raise


def _tokens(size: int) -> int:
    return math.ceil(size / BYTES_PER_TOKEN)
