"""Every way in which a call may go wrong, as one of our errors: the only place that knows both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import openai

from jobs.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderMisconfigured,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
)
from jobs.providers.openai.waits import retry_after, told

QUOTA = ("insufficient_quota", "insufficient_balance", "billing_hard_limit", "billing_not_active")
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""There was no connection, so nobody has the request, and it can't have cost anything."""
TOO_LARGE = ("request too large",)
"""OpenAI answers 429 to what is larger than the limit of a whole minute: no waiting helps."""
TOO_LONG = (
    *TOO_LARGE,
    "context_length",
    "context length",
    "context size",
    "context window",
    "prompt is too long",
    "string_above_max_length",
)
NOT_ALLOWED = ("content_filter", "content_policy", "content management policy", "invalid_prompt")
DETAIL = 1000
"""Characters of what the service said that are kept for operators."""


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the SDK raises, and what can't be parsed, into a `ProviderError`."""
    try:
        yield
    except (openai.OpenAIError, ValueError) as error:
        raise provider_error(error) from error


def provider_error(error: Exception) -> ProviderError:
    """The `ProviderError` for what the SDK raised; see the table in its test."""
    if isinstance(error, openai.APIConnectionError):
        timed_out = isinstance(error, openai.APITimeoutError)
        found = (ProviderTimeout if timed_out else ProviderUnreachable)(detail=_cause(error))
        found.free = isinstance(error.__cause__, NEVER_SENT)
        return found
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if type(error) is openai.APIError:
        return _of_stream(error)
    message = "The AI service answered with something that is no answer. It is asked again by itself."
    return ProviderError(message, detail=f"{type(error).__name__}: {error}"[:DETAIL])


def said(error: openai.APIError) -> str:
    """All that the service said of an error; services put the same into different fields."""
    return f"{error.message} {error.body or ''}"


def too_long(error: openai.APIError) -> bool:
    """Whether the request is larger than the service can ever take."""
    return getattr(error, "status_code", 0) == 413 or _has(error, TOO_LONG)


def _of_status(error: openai.APIStatusError) -> ProviderError:
    failure = _by_status(error)
    failure.told = told(error.response.headers)
    return failure


def _by_status(error: openai.APIStatusError) -> ProviderError:
    status, detail = error.status_code, f"HTTP {error.status_code}: {said(error)}"[:DETAIL]
    wait = retry_after(error.response.headers)
    if status in (400, 413, 422) or _has(error, TOO_LARGE):
        return _rejected(error, detail)
    if status in (401, 403):
        return ProviderAuthError(detail=detail)
    if status == 402 or (status == 429 and _has(error, QUOTA)):
        return ProviderQuotaExceeded(detail=detail)
    if status == 429:
        return ProviderRateLimited(retry_after=wait, detail=detail)
    if status in (408, 409, 425) or status >= 500:
        return ProviderUnavailable(retry_after=wait, detail=detail)
    return ProviderMisconfigured(detail=detail)


def _of_stream(error: openai.APIError) -> ProviderError:
    """An error that came in the middle of a stream, when the status had been 200."""
    detail = f"in the stream: {said(error)}"[:DETAIL]
    if _has(error, QUOTA):
        return ProviderQuotaExceeded(detail=detail)
    if error.code == "429" or _has(error, ("rate_limit", "rate limit")):
        return ProviderRateLimited(detail=detail)
    if _has(error, (*TOO_LONG, *NOT_ALLOWED)):
        return _rejected(error, detail)
    return ProviderUnavailable(detail=detail)


def _rejected(error: openai.APIError, detail: str) -> ProviderRejected:
    if too_long(error):
        message = "This is too long for the AI service's model. Shorten it and submit it again."
        return ProviderRejected(message, detail=detail)
    if _has(error, NOT_ALLOWED):
        message = "The AI service does not allow this content, by its rules. Change it and submit it again."
        return ProviderRejected(message, detail=detail)
    return ProviderRejected(detail=detail)


def _has(error: openai.APIError, words: tuple[str, ...]) -> bool:
    heard = said(error).lower()
    return any(word in heard for word in words)


def _cause(error: openai.APIConnectionError) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"[:DETAIL]
