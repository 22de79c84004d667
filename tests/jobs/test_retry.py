"""What happens to a step that failed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import errors
from jobs.errors import (
    InvalidData,
    InvalidOutput,
    JobError,
    NotOffered,
    ProviderAuthError,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    StepTimeout,
    UnexpectedError,
)
from jobs.retry import (
    CAP_SECONDS,
    DeadLetter,
    Decision,
    GiveUpOptional,
    NextProvider,
    RetryIn,
    backoff,
    decide,
)

LIMITED, LIMITED_FOR_LONG = ProviderRateLimited(retry_after=30), ProviderRateLimited(retry_after=3600)


def decided(
    error: JobError, *, attempt=1, left=0, optional=False, retries=3, base=2.0, jitter=0.5
) -> Decision:
    """The decision for a failed attempt."""
    return decide(
        error=error,
        attempt_on_provider=attempt,
        providers_left=left,
        optional=optional,
        max_retries=retries,
        base=base,
        jitter=lambda: jitter,
    )


CASES = [
    # what failed, on which attempt, providers left, optional: what happens
    (ProviderUnavailable(), 1, 0, False, RetryIn(1.0)),
    (ProviderUnavailable(), 2, 0, False, RetryIn(2.0)),
    (ProviderUnavailable(), 3, 1, False, RetryIn(4.0)),
    (ProviderUnavailable(), 4, 1, False, NextProvider()),
    (ProviderUnavailable(), 4, 0, True, GiveUpOptional()),
    (ProviderUnavailable(), 4, 0, False, DeadLetter()),
    (ProviderUnavailable(retry_after=0.0), 1, 0, False, RetryIn(1.0)),
    (LIMITED, 1, 1, False, RetryIn(30)),
    (LIMITED, 4, 1, True, NextProvider()),
    (LIMITED_FOR_LONG, 1, 1, False, NextProvider()),
    (LIMITED_FOR_LONG, 1, 0, False, RetryIn(3600)),
    (ProviderAuthError(), 1, 1, False, NextProvider()),
    (ProviderAuthError(), 1, 0, False, DeadLetter()),
    (ProviderQuotaExceeded(), 1, 1, True, NextProvider()),
    (ProviderQuotaExceeded(), 1, 0, True, GiveUpOptional()),
    (ProviderRejected(), 1, 1, False, NextProvider()),
    (ProviderRejected(), 1, 0, False, DeadLetter()),
    (NotOffered(), 1, 1, False, NextProvider()),
    (NotOffered(), 1, 0, True, GiveUpOptional()),
    (InvalidOutput(), 1, 1, False, RetryIn(1.0)),
    (InvalidOutput(), 4, 1, False, NextProvider()),
    (StepTimeout(), 4, 1, False, NextProvider()),
    (InvalidData(), 1, 5, False, DeadLetter()),
    (InvalidData(), 1, 5, True, GiveUpOptional()),
    (UnexpectedError(), 1, 1, False, RetryIn(1.0)),
    (UnexpectedError(), 4, 1, False, DeadLetter()),
]


@pytest.mark.parametrize(("error", "attempt", "left", "optional", "decision"), CASES)
def test_it_decides(error, attempt, left, optional, decision):
    assert decided(error, attempt=attempt, left=left, optional=optional) == decision


def test_without_retries_it_tries_once():
    assert decided(ProviderUnavailable(), retries=0) == DeadLetter()


def test_backoff_doubles_up_to_the_cap():
    assert [backoff(attempt, 2.0) for attempt in (1, 2, 3, 8, 9, 1000)] == [2, 4, 8, 256, 300, 300]


def test_a_base_above_the_cap_is_capped():
    assert backoff(1, 1e9) == CAP_SECONDS


def every_error() -> list[type[JobError]]:
    found = [getattr(errors, name) for name in dir(errors)]
    return [one for one in found if isinstance(one, type) and issubclass(one, JobError)]


waits = st.none() | st.floats(min_value=0, max_value=1e6)
some_error = st.builds(lambda kind, wait: kind(retry_after=wait), st.sampled_from(every_error()), waits)
some_case = st.fixed_dictionaries(
    {
        "error": some_error,
        "attempt": st.integers(1, 10_000),
        "left": st.integers(0, 5),
        "optional": st.booleans(),
        "retries": st.integers(0, 20),
        "base": st.floats(min_value=0, max_value=300),
        "jitter": st.floats(min_value=0, max_value=1),
    }
)


@given(some_case)
def test_a_wait_is_at_least_what_was_asked_for_and_at_most_that_or_the_cap(case):
    decision, floor = decided(**case), case["error"].retry_after or 0.0
    if isinstance(decision, RetryIn):
        assert math.isfinite(decision.seconds)
        assert floor <= decision.seconds <= max(CAP_SECONDS, floor)


@given(some_case)
def test_it_never_tries_more_often_than_it_may(case):
    decision = decided(**case)
    if isinstance(decision, RetryIn):
        assert case["error"].retryable
        assert case["attempt"] <= case["retries"]


@given(some_case)
def test_it_asks_another_provider_only_if_there_is_one_and_gives_up_only_what_is_optional(case):
    decision = decided(**case)
    assert not isinstance(decision, NextProvider) or case["left"] > 0
    assert not isinstance(decision, GiveUpOptional) or case["optional"]
    assert not isinstance(decision, DeadLetter) or not case["optional"]


@given(some_case, st.floats(min_value=0, max_value=1))
def test_more_jitter_is_never_a_shorter_wait(case, more):
    one, other = decided(**case), decided(**{**case, "jitter": max(case["jitter"], more)})
    assert type(one) is type(other)
    if isinstance(one, RetryIn) and isinstance(other, RetryIn):
        assert one.seconds <= other.seconds
