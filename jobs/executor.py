"""Running one claimed step: context, timeout, outcome. The one place that turns exceptions into values."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from jobs.claims import Claim
from jobs.context import CallGate, Snooze, StepContext, Stopped
from jobs.embedding import Embedder
from jobs.errors import InvalidData, InvalidOutput, JobError, StepTimeout, UnexpectedError
from jobs.kinds import Kind, Step, registry
from jobs.outcomes import Failed, Outcome, Released, Snoozed, Succeeded
from jobs.providers import chain
from jobs.providers.characters import storable
from jobs.threads import Threads

logger = logging.getLogger(__name__)


def prepare(claim: Claim, gate: CallGate, embedder: Embedder, threads: Threads) -> StepContext | Failed:
    """The context in which ``claim`` can run, or why it can't: its kind is gone, its input too old."""
    try:
        kind = registry.get(claim.job.kind)
        step_of(kind, claim)
        chained = chain.providers()
        index = min(claim.step.provider_index, len(chained) - 1)
        last = index == len(chained) - 1
        return StepContext(claim, kind, chained[index], gate, embedder, threads, last=last)
    except JobError as error:
        return Failed(error)
    except (KeyError, ValidationError) as error:
        return Failed(
            InvalidData("This job was made for an older version. Submit it again.", detail=str(error))
        )


def step_of(kind: Kind, claim: Claim) -> Step:
    """What ``claim`` runs: for an item, the step it is part of. KeyError when the kind has it no more."""
    return kind.step(claim.step.part_of or claim.step.name)


async def execute(context: StepContext) -> Outcome:
    """Runs the context's step under its timeout; whatever happens in it comes back as an outcome."""
    kind = context.kind
    step = step_of(kind, context.claim)
    try:
        done = await _limited(step, context)
        return await _fitting(context, kind, step, done)
    except (asyncio.CancelledError, Stopped) as error:
        return Released() if context.stopped else Failed(_unexpected(error))
    except Snooze as snooze:
        return Snoozed(snooze.seconds, snooze.error)
    except JobError as error:
        return Failed(error)
    except Exception as error:
        logger.exception("step %s of job %s failed", step.name, context.claim.job.pk)
        return Failed(_unexpected(error))
    finally:
        context.stop()


async def _fitting(context: StepContext, kind: Kind, step: Step, done: Succeeded) -> Outcome:
    """What was done, as it is kept. Raises `InvalidOutput`; then the next attempt asks anew."""
    try:
        return await context.in_thread(_checked, kind, step, context.quality, done)
    except InvalidOutput:
        await context.reject_used()
        raise


async def _limited(step: Step, context: StepContext) -> Succeeded:
    seconds = step.timeout or settings.PROCESSING_TIMEOUT
    try:
        async with asyncio.timeout(seconds) as limit:
            context.limit = limit
            return await _run(step, context)
    except TimeoutError:
        if limit.expired():
            message = f"“{step.title}” took longer than {seconds:g} seconds. A shorter input is quicker."
            raise StepTimeout(message) from None
        raise


async def _run(step: Step, context: StepContext) -> Succeeded:
    """The step's own work; a step with items has them do it, and gathers what they gave."""
    if context.claim.gathers:
        return Succeeded(context.claim.gathered)
    return await step.run(context)


def _checked(kind: Kind, step: Step, quality: dict[str, float], outcome: Succeeded) -> Outcome:
    output = _plain(outcome.output)
    if step is kind.last:
        try:
            output = _plain(kind.output.model_validate(output))
        except ValidationError as error:
            raise InvalidOutput(detail=str(error)) from None
    quality = {**quality, **outcome.quality}
    return Succeeded(_kept(output), _kept(quality), outcome.degraded)


def _kept(value: Any) -> Any:
    """``value`` as both databases keep it; raises TypeError or ValueError when it is not JSON."""
    json.dumps(value, allow_nan=False)
    return _storable(value)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(output: Any) -> Any:
    return output.model_dump(mode="json") if hasattr(output, "model_dump") else output


def _unexpected(error: BaseException) -> UnexpectedError:
    return UnexpectedError(detail=storable("".join(traceback.format_exception(error))))
