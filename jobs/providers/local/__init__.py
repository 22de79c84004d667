"""Answers without any AI service: offline, free, and honest about it."""

from __future__ import annotations

from jobs.providers.contract import Provider


def make() -> Provider:
    """The provider; it has no settings."""
    from jobs.providers.local.provider import LocalProvider

    return LocalProvider()
