"""Embeddings: the texts that steps want embedded at the same moment travel in one request.

A provider takes hundreds of texts in a request and charges by their tokens; a request for each would only
use up the requests that it takes in a minute. Each step keeps its own row, share of the cost, and answer.

A request that is out is paid for, and serves others as well. So it is not cut off when a step is cancelled
that has a share in it, but the share is stored, for the step to be found when it is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from jobs.errors import JobError
from jobs.gate import Ended, Gate, Later, Verdict, Wanted
from jobs.models import ProviderCall
from jobs.pricing import SMALLEST_USD
from jobs.providers.contract import Embedding, Provider, Usage
from jobs.together import Together

LINGER_SECONDS = 0.01
"""How long the first text waits for others."""
MOST_TEXTS = 256
"""In one request; services take 2,048, and some fewer."""
MOST_CHARACTERS = 400_000
"""The same in characters: about 100,000 tokens, of 300,000 that services take."""
LAST_SECONDS = 3.0
"""How long a cancelled step waits for its share, so that it is charged for it. Most requests take less than
one; what comes later is stored all the same."""


@dataclass(slots=True)
class Part:
    """What one step wants embedded.

    Args:
        wanted: its call, not yet let through.
        provider: who is asked.
        texts: what is to be embedded, in order.
        is_wanted: whether the step still waits for it.
        going: the work on it.
        is_sent: whether it went out.
        ended: what became of it.
    """

    wanted: Wanted
    provider: Provider
    texts: Sequence[str]
    is_wanted: bool = True
    going: asyncio.Future[Any] | None = None
    is_sent: bool = False
    ended: Ended | None = None

    @property
    def characters(self) -> int:
        """How much it is."""
        return sum(map(len, self.texts))


Outcome = Ended | Later | JobError
"""What became of the call that went out, which is stored; or why it may not go yet, or not at all."""


class Embedder:
    """A drain's way to embeddings.

    Args:
        gate: the way to the providers.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._parts = Together(self._embed, linger=LINGER_SECONDS, one_at_a_time=False)

    async def embed(self, part: Part) -> Outcome:
        """What became of ``part``."""
        part.going = asyncio.ensure_future(self._parts.ask(part))
        outcome: Outcome = await asyncio.shield(part.going)
        return outcome

    async def abandon(self, part: Part) -> Ended | None:
        """What became of a ``part`` that its step can't wait for any more; None when it never went out, or
        went wrong in a way of its own."""
        part.is_wanted = False
        if part.going is None:
            return None
        await asyncio.wait([part.going], timeout=LAST_SECONDS)
        if part.is_sent and (part.ended is None or not part.going.done()):
            part.ended = part.ended or Ended(part.wanted.call)
            await self._store(part.ended)
        return part.ended

    async def _embed(self, parts: list[Part]) -> list[Outcome]:
        """Every part's outcome. Parts too large for one request go in several, at the same time."""
        batches = list(_batches(parts))
        done = await asyncio.gather(*(self._one_request([parts[n] for n in batch]) for batch in batches))
        outcomes = {
            n: one
            for batch, ended in zip(batches, done, strict=True)
            for n, one in zip(batch, ended, strict=True)
        }
        return [outcomes[place] for place in range(len(parts))]

    async def _one_request(self, parts: Sequence[Part]) -> list[Outcome]:
        with self._gate.passing():
            verdicts: list[Any] = await self._let_through(parts)
            through = [
                part for part, one in zip(parts, verdicts, strict=True) if isinstance(one, ProviderCall)
            ]
            going = [part for part in through if part.is_wanted]
            for part in through:
                part.is_sent = part.is_wanted
                if not part.is_sent:
                    part.ended = Ended(part.wanted.call, is_unsent=True)
            await asyncio.gather(*(self._store(part.ended) for part in through if part.ended))
        if going:
            await self._send(going)
        return [part.ended or one for part, one in zip(parts, verdicts, strict=True)]

    async def _send(self, parts: Sequence[Part]) -> None:
        """Asks for all of ``parts`` at once, and stores what became of each, whoever waits for it."""
        texts, first = [text for part in parts for text in part.texts], parts[0]
        try:
            whole = await first.provider.embed(texts, endpoint=first.wanted.call.endpoint)
        except JobError as error:
            ended = [Ended(part.wanted.call, error=error) for part in parts]
        else:
            found = zip(parts, shares(whole, parts), strict=True)
            ended = [Ended(part.wanted.call, answer=share) for part, share in found]
        for part, one in zip(parts, ended, strict=True):
            part.ended = one
        await asyncio.gather(*map(self._store, ended))

    async def _store(self, ended: Ended) -> None:
        """Stores what became of a call; of one that went through no door only if something came of it."""
        if ended.call.pk or ended.answer or ended.error:
            await self._gate.leave(ended)

    async def _let_through(self, parts: Sequence[Part]) -> list[Verdict]:
        """Lets the first part through that may go, as a request, and the others with it."""
        if not parts[0].provider.metered:
            return [part.wanted.call for part in parts]
        verdicts: list[Verdict] = []
        for place, part in enumerate(parts):
            part.wanted.call.shared = False
            verdicts.append(leader := await self._gate.enter(part.wanted))
            if isinstance(leader, ProviderCall):
                others = parts[place + 1 :]
                return verdicts + await asyncio.gather(*(self._with(leader, other) for other in others))
        return verdicts

    async def _with(self, leader: ProviderCall, part: Part) -> Verdict:
        part.wanted.call.shared = True
        return await self._gate.enter(replace(part.wanted, endpoints=(leader.endpoint,)))


def shares(whole: Embedding, parts: Sequence[Part]) -> list[Embedding]:
    """What of an embedding is each part's: its vectors, and its share of tokens and cost by its length."""
    total = sum(max(1, part.characters) for part in parts)
    found, start, tokens_left, usd_left = [], 0, whole.usage.tokens_in, whole.usage.cost_usd
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        share = Decimal(max(1, part.characters)) / Decimal(total)
        tokens = tokens_left if last else _part(whole.usage.tokens_in, share)
        usd = usd_left if last else _money(whole.usage.cost_usd, share)
        tokens_left = None if tokens_left is None or tokens is None else tokens_left - tokens
        usd_left = None if usd_left is None or usd is None else usd_left - usd
        end = start + len(part.texts)
        found.append(replace(whole, vectors=whole.vectors[start:end], usage=Usage(tokens, 0, usd)))
        start = end
    return found


def _part(tokens: int | None, share: Decimal) -> int | None:
    return None if tokens is None else int(tokens * share)


def _money(whole: Decimal | None, share: Decimal) -> Decimal | None:
    return None if whole is None else (whole * share).quantize(SMALLEST_USD, ROUND_DOWN)


def _batches(parts: Sequence[Part]) -> Iterator[list[int]]:
    """The places of parts that travel together: of one provider, and not too much at once."""
    for name in dict.fromkeys(part.provider.name for part in parts):
        batch: list[int] = []
        texts = characters = 0
        for place, part in enumerate(parts):
            if part.provider.name != name:
                continue
            too_much = texts + len(part.texts) > MOST_TEXTS or characters + part.characters > MOST_CHARACTERS
            if batch and too_much:
                yield batch
                batch, texts, characters = [], 0, 0
            batch.append(place)
            texts, characters = texts + len(part.texts), characters + part.characters
        yield batch
