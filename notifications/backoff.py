"""When a delivery that failed is tried again."""

from __future__ import annotations

import random
from datetime import timedelta

MAX_ATTEMPTS = 8
"""After so many a delivery has failed for good; with the waits between, 7 to 15 hours after the first."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
_GROWTH = 4.0


def wait_after(attempts: int, jitter: float | None = None) -> timedelta:
    """How long to wait after the attempt number ``attempts`` (from 1) failed.

    Exponential with equal jitter: between half of the full wait and all of it, so that what failed
    together does not come back together.

    Args:
        attempts: how many attempts there were.
        jitter: 0 for half of the wait, 1 for all of it; random when it is None.
    """
    jitter = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, guards nothing
    full = min(FIRST_WAIT * _GROWTH ** (attempts - 1), LONGEST_WAIT)
    return full * (0.5 + jitter / 2)
