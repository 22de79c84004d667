"""Quality indicators of a report, each 0..1, from what was measured on the way."""

from __future__ import annotations

from shipspeak.meetings.schemas import Quality

OFFLINE_FACTOR = 0.7
"""Offline tools pick sentences and count words; they do not understand. Their reports are trusted less."""


def evidence(given: int, kept: int) -> float:
    """Share of the quotes that are truly in the transcript; 1 where nothing was claimed."""
    return round(kept / given, 4) if given else 1.0


def quality(*, coverage: float, evidence: float, parsing: float, offline: bool) -> Quality:
    """The indicators together.

    Args:
        coverage: share of the transcript's content terms, by weight, that the sample keeps.
        evidence: share of the quotes that are truly in the transcript.
        parsing: share of the file's lines that were understood.
        offline: whether any AI part was made without an AI service.

    Returns:
        these, and ``confidence``: their geometric mean, so that one bad indicator is not hidden by two good
        ones, times `OFFLINE_FACTOR` when offline.
    """
    together = float((coverage * evidence * parsing) ** (1 / 3))
    return Quality(
        coverage=coverage,
        evidence=evidence,
        parsing=parsing,
        confidence=round(together * (OFFLINE_FACTOR if offline else 1.0), 4),
    )
