"""What a running step sees of the world: `jobs.kinds.Context`, made real."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from jobs.claims import Claim
from jobs.embedding import Embedder, Part
from jobs.errors import InvalidOutput, JobError
from jobs.gate import Ended, Later, Verdict, Wanted, reserve
from jobs.kinds import Kind
from jobs.ledger import Spent
from jobs.models import ProviderCall
from jobs.providers.contract import Answer, Embedding, OnText, Provider, Request, Usage, restored
from jobs.threads import Threads

Result = TypeVar("Result")
Going = TypeVar("Going")

PATIENCE_SECONDS = 10.0
"""How long a step waits for its provider in its slot, before it gives that to another."""
WAITING = "Waiting for the AI service"


class CallGate(Protocol):
    """The way of a step's calls to its provider, see `jobs.gate.Gate`; and back, to be stored."""

    async def enter(self, wanted: Wanted) -> Verdict:
        """Whether the call may go out now."""

    async def leave(self, ended: Ended) -> None:
        """Stores what became of it, before it is used."""

    async def change(self, seconds: float) -> None:
        """Waits for a call to end, but no longer than this."""

    async def reject(self, step: int, fingerprints: Sequence[str]) -> None:
        """Marks the step's answers to these requests as not to be used again."""


class Snooze(Exception):
    """The step can't go on for so many seconds, and gives its slot to others meanwhile."""

    def __init__(self, seconds: float, error: JobError) -> None:
        super().__init__(error.message)
        self.seconds = seconds
        self.error = error


class Stopped(JobError):
    """The step was told to stop."""

    code = "stopped"


@dataclass(slots=True)
class Progress:
    """How far a step is, as it said itself (None: it said nothing), and the text not yet told."""

    fraction: float | None = None
    stage: str = ""
    text: str = ""
    text_offset: int = 0
    changed: bool = True


class StepContext:
    """The context of one attempt.

    Args:
        claim: the claimed step.
        kind: its job's kind.
        provider: who answers its requests.
        last: whether no other provider comes after that one.
        gate: the way to it.
        embedder: the way to its embeddings.
        threads: where `in_thread` runs its work.
    """

    def __init__(
        self,
        claim: Claim,
        kind: Kind,
        provider: Provider,
        gate: CallGate,
        embedder: Embedder,
        threads: Threads,
        *,
        last: bool = True,
    ) -> None:
        self.claim = claim
        self.kind = kind
        self.input = kind.input.model_validate(claim.job.input)
        self.options = kind.options.model_validate(claim.job.options)
        upload = claim.job.upload
        self.upload = Path(upload.file.path) if upload else None
        self.filename = claim.job.filename
        self.outputs: Mapping[str, Any] = claim.outputs
        self.attempt = claim.attempt.number
        self.item = claim.step.item if claim.step.part_of else None
        self.index = claim.step.index
        self.needed: Mapping[UUID, Any] = claim.needed
        self.spent = Spent()
        self.quality: dict[str, float] = {}
        self.live = Progress()
        self.began = time.monotonic()
        self.stopped = False
        self._provider = provider
        self._last = last
        self._gate = gate
        self._embedder = embedder
        self._validity: list[int] = []
        self.limit: asyncio.Timeout | None = None
        self._threads = threads

    def progress(self, fraction: float, stage: str = "", **quality: float) -> None:
        """See `jobs.kinds.Context`. Raises `Stopped` when the step has been told to stop."""
        if self.stopped:
            raise Stopped
        live = self.live
        live.fraction = max(live.fraction or 0.0, min(1.0, fraction))
        live.stage = stage or live.stage
        self.quality.update(quality)
        live.changed = True

    async def ask(self, request: Request, *, stream: bool = True) -> Answer:
        """See `jobs.kinds.Context`."""
        fingerprint = request.fingerprint()
        self.claim.used.add(fingerprint)
        known = self.claim.answers.get((self._provider.name, fingerprint))
        if known:
            answer = restored(known)
            self.spent.offline = self.spent.offline or answer.offline
            return answer
        wanted = self._call(request.task, fingerprint, self._provider.model, self._provider.estimate(request))
        if self._provider.metered:
            await self._in_time(lambda: self._gate.enter(wanted))
        return await self._asked(wanted.call, request, self._hear if stream else None)

    async def embed(self, task: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """See `jobs.kinds.Context`."""
        provider, texts = self._provider, list(texts)
        whole = json.dumps([task, provider.embedding_model, texts])
        fingerprint = hashlib.sha256(whole.encode()).hexdigest()
        self.claim.used.add(fingerprint)
        known = self.claim.answers.get((provider.name, fingerprint))
        if known:
            self.spent.offline = self.spent.offline or known["offline"]
            return list(known["vectors"])
        if not texts:
            return []
        usage = provider.estimate_embedding(texts)
        wanted = self._call(task, fingerprint, provider.embedding_model, usage)
        ended = await self._embedded(Part(wanted, provider, texts))
        if ended.error:
            raise ended.error
        assert isinstance(ended.answer, Embedding)
        return ended.answer.vectors

    async def _embedded(self, part: Part) -> Ended:
        """What became of ``part``, which travels with others'. A cancelled step pays its share as well."""
        ended: Ended | None = None
        try:
            ended = done = await self._in_time(lambda: self._embedder.embed(part))
            return done
        finally:
            if ended:
                self._count(ended.call)
            else:
                await _to_the_end(self._abandon(part))

    async def _abandon(self, part: Part) -> None:
        if ended := await self._embedder.abandon(part):
            self._count(ended.call)

    async def ask_for(self, request: Request) -> BaseModel:
        """See `jobs.kinds.Context`. Raises `InvalidOutput` when the repaired answer does not fit either."""
        answer = await self.ask(request)
        try:
            parsed = _parsed(request, answer)
        except ValidationError as error:
            repair = _repair(request, answer, error)
        else:
            self._note_validity(1)
            return parsed
        self._note_validity(0)
        repaired = await self.ask(repair)
        try:
            return _parsed(request, repaired)
        except ValidationError as error:
            await self._reject(request.fingerprint(), repair.fingerprint())
            raise InvalidOutput(detail=str(error)) from None

    def _note_validity(self, valid: int) -> None:
        """Notes how many of the answers had the form that was asked for at once. What answers offline is
        our own, and proves nothing by it."""
        if self._provider.metered:
            self._validity.append(valid)
            self.quality["validation"] = sum(self._validity) / len(self._validity)
            self.live.changed = True

    def _call(self, task: str, fingerprint: str, model: str, usage: Usage) -> Wanted:
        """A call that is not let through yet, with what it may take at most."""
        call = ProviderCall(
            step=self.claim.step,
            attempt=self.attempt,
            owner_id=self.claim.job.owner_id,
            task=task,
            fingerprint=fingerprint,
            provider=self._provider.name,
            model=model,
        )
        reserve(call, usage)
        return Wanted(call, self._provider.endpoints, self.claim.step.rank, self._last)

    async def _in_time(self, go: Callable[[], Awaitable[Going | Later | JobError]]) -> Going:
        """What ``go`` gives once it may. The wait is not the step's time. Raises `Snooze` when it is long."""
        began = time.monotonic()
        while True:
            tried = time.monotonic()
            verdict = await go()
            waited = tried - began
            if isinstance(verdict, JobError):
                raise verdict
            if not isinstance(verdict, Later):
                self._give_back(waited)
                return verdict
            if waited + verdict.seconds > PATIENCE_SECONDS:
                raise Snooze(max(1.0, verdict.seconds), verdict.error)
            self.live.stage, self.live.changed = WAITING, True
            await self._gate.change(verdict.seconds)

    async def _asked(self, call: ProviderCall, request: Request, hear: OnText | None) -> Answer:
        """The provider's answer to the call, stored whatever became of it."""
        ended = Ended(call)
        try:
            answer = await self._provider.ask(request, hear, endpoint=call.endpoint)
            ended = Ended(call, answer=answer)
        except JobError as error:
            ended = Ended(call, error=error)
            raise
        finally:
            if call.pk or ended.answer:
                await _to_the_end(self._leave(ended))
        return answer

    async def _leave(self, ended: Ended) -> None:
        await self._gate.leave(ended)
        self._count(ended.call)

    def _count(self, call: ProviderCall) -> None:
        self.spent.add(call)
        if call.answer:
            self.claim.answers[self._provider.name, call.fingerprint] = call.answer
        self.live.changed = True

    def _give_back(self, seconds: float) -> None:
        """Lets the step's time end later, by what it waited."""
        when = self.limit.when() if self.limit else None
        if self.limit and when is not None:
            self.limit.reschedule(when + seconds)

    async def reject_used(self) -> None:
        """Marks the answers that the step's output was made of as not to be used again: it can't be right."""
        if self.claim.used:
            await self._reject(*self.claim.used)

    async def _reject(self, *fingerprints: str) -> None:
        for fingerprint in fingerprints:
            self.claim.answers.pop((self._provider.name, fingerprint), None)
        await self._gate.reject(self.claim.step.pk, fingerprints)

    async def in_thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """See `jobs.kinds.Context`."""
        return await self._threads.run(work, *arguments)

    def stop(self) -> None:
        """Makes the next `progress` raise, which ends work in threads."""
        self.stopped = True

    def _hear(self, text: str) -> None:
        self.live.text += text
        self.live.changed = True


async def _to_the_end(work: Awaitable[Result]) -> Result:
    """Waits for ``work`` even when cancelled meanwhile, and is cancelled then: so what the step has spent is
    known when it ends."""
    going = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not going.done():
        try:
            await asyncio.wait([going])
        except asyncio.CancelledError as error:
            cancelled = error
    result = going.result()
    if cancelled:
        raise cancelled
    return result


def _parsed(request: Request, answer: Answer) -> BaseModel:
    assert request.answer is not None
    return request.answer.model_validate_json(_bare(answer.text))


def _bare(text: str) -> str:
    """``text`` without the code fence that some models put around JSON."""
    text = text.strip()
    if text.startswith("```"):
        text = text.split("\n", 1)[-1].rsplit("```", 1)[0]
    return text


def _repair(request: Request, answer: Answer, error: ValidationError) -> Request:
    faults = "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)[:10]
    )
    instructions = (
        f"{request.instructions}\n\nYour last answer did not fit the schema ({faults}). "
        f"It was:\n{answer.text[:8000]}\nAnswer again, as JSON that fits the schema and nothing else."
    )
    return replace(request, instructions=instructions)
