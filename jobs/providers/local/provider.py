"""The provider that asks nobody: the feature's own offline way, or sentences picked from the text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel

from jobs.errors import NotOffered
from jobs.providers.contract import Answer, Embedding, Health, OnText, Request, Usage
from jobs.providers.local import extract, vectors
from jobs.providers.per_loop import PerLoop

ANALYSIS = "offline analysis"
EXTRACT = "offline extract (yake, pysbd)"
FREE = Usage(tokens_in=0, tokens_out=0, cost_usd=Decimal(0))


class LocalProvider:
    """Answers by computing on this machine.

    A request that has an ``offline`` way is answered by it. One for plain text is answered by an extract
    of its text. One that wants a form and has no offline way is refused with `NotOffered`.
    """

    name: ClassVar[str] = "local"
    model = ""
    embedding_model = vectors.MODEL
    endpoints: tuple[str, ...] = ("",)
    metered = False

    def __init__(self) -> None:
        # Its own pool: the loop's default one is waited for at the loop's end, however long work takes.
        self._threads = PerLoop(lambda: ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="offline"))

    async def ask(self, request: Request, on_text: OnText | None = None, *, endpoint: str = "") -> Answer:
        """See `jobs.providers.contract.Provider`. A cancelled answer is dropped; its thread runs out."""
        work, method = _way(request)
        made = await asyncio.get_running_loop().run_in_executor(self._threads.get(), work)
        text = made if isinstance(made, str) else made.model_dump_json()
        if on_text and text:
            on_text(text)
        return Answer(self.name, method, text, FREE, offline=True)

    async def embed(self, texts: Sequence[str], *, endpoint: str = "") -> Embedding:
        """See `jobs.providers.contract.Provider`."""
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._threads.get(), vectors.of, list(texts))
        return Embedding(self.name, vectors.MODEL, made, FREE, offline=True)

    def estimate_embedding(self, texts: Sequence[str]) -> Usage:
        """Nothing."""
        return FREE

    async def health(self) -> Health:
        """Always well: there is nothing to reach."""
        return Health("ok", "works on this machine, without an AI service", 0.0)

    def estimate(self, request: Request) -> Usage:
        """Nothing: it costs neither tokens nor money."""
        return FREE

    async def close(self) -> None:
        """Lets go of this loop's threads without waiting for them."""
        threads = self._threads.take()
        if threads:
            threads.shutdown(wait=False, cancel_futures=True)


def _way(request: Request) -> tuple[Callable[[], BaseModel | str], str]:
    if request.offline is not None:
        return request.offline, ANALYSIS
    if request.answer is None:
        return lambda: extract.reply(request.text), EXTRACT
    raise NotOffered
