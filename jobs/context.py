"""What a running step sees of the world: `jobs.kinds.Context`, made real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from jobs.claims import Claim
from jobs.errors import InvalidOutput, JobError
from jobs.kinds import Kind
from jobs.ledger import Spent
from jobs.models import ProviderCall
from jobs.providers.contract import Answer, Provider, Request, restored, stored
from jobs.threads import Threads

Result = TypeVar("Result")


class Answers(Protocol):
    """Where a step's paid answers are kept."""

    async def keep(self, call: ProviderCall) -> None:
        """Stores an answer, before it is used."""

    async def reject(self, step: int, fingerprints: Sequence[str]) -> None:
        """Marks the step's answers to these requests as not to be used again."""


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
        answers: where its provider's answers are kept.
        threads: where `in_thread` runs its work.
    """

    def __init__(
        self, claim: Claim, kind: Kind, provider: Provider, answers: Answers, threads: Threads
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
        self.spent = Spent()
        self.quality: dict[str, float] = {}
        self.live = Progress()
        self.began = time.monotonic()
        self.stopped = False
        self._provider = provider
        self._answers = answers
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
        known = self.claim.answers.get((self._provider.name, fingerprint))
        if known:
            answer = restored(known)
            self.spent.offline = self.spent.offline or answer.offline
            return answer
        began = time.monotonic()
        answer = await self._provider.ask(request, self._hear if stream else None)
        await self._store(request.task, fingerprint, answer, time.monotonic() - began)
        return answer

    async def ask_for(self, request: Request) -> BaseModel:
        """See `jobs.kinds.Context`. Raises `InvalidOutput` when the repaired answer does not fit either."""
        answer = await self.ask(request)
        try:
            return _parsed(request, answer)
        except ValidationError as error:
            repair = _repair(request, answer, error)
        repaired = await self.ask(repair)
        try:
            return _parsed(request, repaired)
        except ValidationError as error:
            await self._reject(request, repair)
            raise InvalidOutput(detail=str(error)) from None

    async def _store(self, task: str, fingerprint: str, answer: Answer, seconds: float) -> None:
        call = ProviderCall(
            step=self.claim.step,
            attempt=self.attempt,
            task=task,
            fingerprint=fingerprint,
            answer=stored(answer),
            seconds=seconds,
        )
        self.spent.add(answer)
        self.claim.answers[self._provider.name, fingerprint] = call.answer
        await asyncio.shield(self._answers.keep(call))
        self.live.changed = True

    async def _reject(self, *requests: Request) -> None:
        fingerprints = [request.fingerprint() for request in requests]
        for fingerprint in fingerprints:
            self.claim.answers.pop((self._provider.name, fingerprint), None)
        await self._answers.reject(self.claim.step.pk, fingerprints)

    async def in_thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """See `jobs.kinds.Context`."""
        return await self._threads.run(work, *arguments)

    def stop(self) -> None:
        """Makes the next `progress` raise, which ends work in threads."""
        self.stopped = True

    def _hear(self, text: str) -> None:
        self.live.text += text
        self.live.changed = True


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
