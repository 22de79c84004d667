"""Quality indicators of a report, each 0..1, from what was measured on the way; None where nothing was."""

from __future__ import annotations

from shipspeak.meetings.schemas import Quality


def evidence(given: int, kept: int) -> float | None:
    """Share of an AI service's quotes that are truly in the transcript; None where it gave no quote."""
    return round(kept / given, 4) if given else None


def quality(*, coverage: float, evidence: float | None, parsing: float, offline: bool) -> Quality:
    """The indicators together.

    Args:
        coverage: share of the transcript's content terms, by weight, that was read.
        evidence: share of the AI service's quotes that are truly in the transcript; None without any.
        parsing: share of the file's lines that were understood.
        offline: whether any AI part was made without an AI service.

    Returns:
        these, and ``confidence``: their geometric mean, so that one bad indicator is not hidden by two good
        ones. None when a part was made offline: what offline tools pick is in the transcript by the way
        they work, and nothing measures whether it was well picked.
    """
    known = evidence is not None and not offline
    together = float((coverage * (evidence or 0.0) * parsing) ** (1 / 3))
    return Quality(
        coverage=coverage,
        evidence=evidence,
        parsing=parsing,
        confidence=round(together, 4) if known else None,
    )
