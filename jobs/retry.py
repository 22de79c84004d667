"""What happens to a step that failed: a pure decision, without clock, database or settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jobs.errors import InvalidOutput, JobError, ProviderError, StepTimeout

CAP_SECONDS = 300.0
"""No backoff is longer than this; a provider that asks for more is passed over when there is another."""
MAX_DOUBLINGS = 40
"""By then any base has reached the cap; keeps the power small."""
PROVIDERS_OWN = (ProviderError, InvalidOutput, StepTimeout)
"""Failures that another provider may not have. All others are the input's or ours, and would come again."""


@dataclass(frozen=True, slots=True)
class RetryIn:
    """The same provider is asked again, ``seconds`` from now."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NextProvider:
    """The next provider in the chain is asked, ``seconds`` from now."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class GiveUpOptional:
    """The step ends failed, and the job goes on without it, degraded."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The step and its job end failed; they are kept, and may be requeued."""


Decision = RetryIn | NextProvider | GiveUpOptional | DeadLetter


def decide(
    *,
    error: JobError,
    attempt_on_provider: int,
    providers_left: int,
    optional: bool,
    max_retries: int,
    base: float,
    jitter: Callable[[], float],
) -> Decision:
    """What to do after a failed attempt.

    A retryable error is tried again with the same provider. When that is spent, or can't help (no
    credit, a refused key), the next provider is asked at once, if it is the provider that failed: a
    request that one service rejects as too long or not allowed may be welcome to another. Bad input
    is the same for all of them and goes straight to the dead letter.

    Args:
        error: why it failed; its ``retry_after`` is the least wait, in seconds.
        attempt_on_provider: number of the failed attempt with this provider, from 1.
        providers_left: how many providers come after this one in the chain.
        optional: whether the job can do without the step.
        max_retries: how often one provider is asked again.
        base: seconds of the first backoff at most.
        jitter: a random number in 0..1.
    """
    if _can_retry(error, attempt_on_provider, providers_left, max_retries):
        return RetryIn(_wait(error, attempt_on_provider, base, jitter()))
    if providers_left > 0 and isinstance(error, PROVIDERS_OWN):
        return NextProvider()
    return GiveUpOptional() if optional else DeadLetter()


def backoff(attempt: int, base: float) -> float:
    """Seconds that a client may wait at most before it tries again after its failed ``attempt``, from 1.

    Exponential, capped; with full jitter the wait is anything between 0 and this. Source: Marc Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return min(CAP_SECONDS, base * 2.0 ** min(attempt - 1, MAX_DOUBLINGS))


def _can_retry(error: JobError, attempt: int, providers_left: int, max_retries: int) -> bool:
    too_long = (error.retry_after or 0.0) > CAP_SECONDS and providers_left > 0
    return error.retryable and attempt <= max_retries and not too_long


def _wait(error: JobError, attempt: int, base: float, jitter: float) -> float:
    return max(error.retry_after or 0.0, jitter * backoff(attempt, base))
