"""The provider that asks a service over HTTP."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

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
from jobs.providers.contract import Answer, Health, OnText, Request, Usage
from jobs.providers.openai import completions
from jobs.providers.openai.completions import Answered, Completion
from jobs.providers.openai.dialect import Dialect
from jobs.providers.openai.failures import said, too_long, translated
from jobs.providers.per_loop import PerLoop

PATH = "/chat/completions"
OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 900.0
"""Of one call, against a service that drips for ever. The step's own time is up before, as a rule."""
HEALTH_SECONDS = 3.0
BYTES_PER_TOKEN = 3
"""Prose has 4 to 5 in English and 3 to 6 in other scripts, so this guesses high."""
NO_KEY = "none"
"""Sent where no key is set; the SDK wants one, and services that need none ignore it."""


class OpenAIProvider:
    """Answers by chat completions.

    Args:
        key: the API key; may be empty with a ``base_url`` of one's own.
        base_url: address of the service, with its ``/v1``; empty for OpenAI's.
        model: the model to ask.
        silence: seconds that the service may say nothing.
        total: seconds that one call may take.
    """

    name: ClassVar[str] = "openai"

    def __init__(
        self, *, key: str, base_url: str, model: str, silence: float, total: float = TOTAL_SECONDS
    ) -> None:
        self.model = model
        self.address = base_url or OPENAI
        self._key = key or (NO_KEY if base_url else "")
        self._silence = silence
        self._total = total
        self._clients = PerLoop(self._connect)
        self._dialects: dict[type[BaseModel] | None, Dialect] = {}

    async def ask(self, request: Request, on_text: OnText | None = None) -> Answer:
        """See `jobs.providers.contract.Provider`. What the service says, word for word."""
        if not self._key:
            raise ProviderAuthError
        async with _limit(self._total):
            answered = await self._understood(request, streamed=on_text is not None)
            completion = await completions.read(answered, on_text or _nobody)
        return Answer(self.name, self.model, completion.text, self._usage(completion))

    async def health(self) -> Health:
        """Whether the service lists its models, ours among them. Costs nothing."""
        if not self._key:
            return Health("down", ProviderAuthError().message)
        began = time.monotonic()
        try:
            models = await self._models()
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
        """What ``request`` will take at most: its size in tokens, and all that the answer may be."""
        dialect = self._dialect(request)
        sent = f"{dialect.messages(request)}{dialect.parameters(request, streamed=True)}"
        tokens_in = math.ceil(len(sent.encode()) / BYTES_PER_TOKEN)
        tokens_out = request.max_output_tokens
        cost = pricing.cost(self.model, tokens_in, tokens_out, address=self.address)
        return Usage(tokens_in, tokens_out, cost)

    async def close(self) -> None:
        """Closes this loop's connections."""
        client = self._clients.take()
        if client:
            await client.close()

    async def _understood(self, request: Request, *, streamed: bool) -> Answered:
        """What the service sends when asked in the dialect known of it, or else in ever simpler ones.

        That is no retry: what it does not understand it neither works on nor charges, and it is not
        asked so again.
        """
        with translated():
            while True:
                dialect = self._dialect(request)
                asked = dialect.parameters(request, streamed=streamed)
                try:
                    return await self._post({"messages": dialect.messages(request), **asked})
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    simpler = None if too_long(error) else dialect.without(asked, said(error))
                    if simpler is None:
                        raise
                    if self._dialect(request) == dialect:  # else another call has learned more meanwhile
                        self._dialects[request.answer] = simpler

    async def _post(self, body: dict[str, Any]) -> Answered:
        """Sends what the SDK's own method would send, but has the answer unparsed: we must check it
        anyway, and the SDK's walk through the schema and each piece took half of a call's CPU time."""
        client, body = self._clients.get(), {"model": self.model, **body}
        if body.get("stream"):
            stream = openai.AsyncStream[object]
            return await client.post(PATH, body=body, cast_to=object, stream=True, stream_cls=stream)
        return await client.post(PATH, body=body, cast_to=str)

    async def _models(self) -> list[str]:
        async with _limit(HEALTH_SECONDS):
            with translated():
                page = await self._clients.get().models.list()
                return completions.model_names(page)

    def _dialect(self, request: Request) -> Dialect:
        return self._dialects.get(request.answer) or Dialect()

    def _usage(self, completion: Completion) -> Usage:
        cost = pricing.cost(
            self.model,
            completion.tokens_in,
            completion.tokens_out,
            cached=completion.tokens_cached,
            address=self.address,
        )
        return Usage(completion.tokens_in, completion.tokens_out, cost)

    def _connect(self) -> openai.AsyncOpenAI:
        timeout = openai.Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence))
        # A plain HTTP client: the SDK's own one starts a task on whatever loop runs when it is collected.
        return openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self.address,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(timeout=timeout),
        )


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
