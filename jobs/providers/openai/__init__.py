"""Answers from any service that speaks OpenAI's chat completions, at whatever address."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from jobs.providers.contract import Provider

SILENCE = 0.75
"""Share of `PROCESSING_TIMEOUT` that the service may be silent: less than 1, so that a service that hangs
is named as the culprit before the step's own time is up."""


def make() -> Provider:
    """The provider, from the settings that begin with ``OPENAI_``.

    Raises ImproperlyConfigured when a base URL is no address.
    """
    from jobs.providers.openai.provider import OpenAIProvider

    given: str = settings.OPENAI_BASE_URL
    addresses = [address.strip() for address in given.split(",") if address.strip()]
    if not all(_is_address(address) for address in addresses):
        raise ImproperlyConfigured(
            f"OPENAI_BASE_URL is {given!r}, but it must be an address like http://localhost:11434/v1, or "
            "several of them with commas between."
        )
    return OpenAIProvider(
        key=settings.OPENAI_API_KEY,
        addresses=addresses,
        model=settings.OPENAI_MODEL,
        embedding_model=settings.OPENAI_EMBEDDING_MODEL,
        silence=SILENCE * settings.PROCESSING_TIMEOUT,
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
