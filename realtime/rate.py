"""A token bucket: so many at once, so many a second for long."""

from __future__ import annotations


class Rate:
    """Counts one source of frames.

    Args:
        rate: frames a second that it may send for long.
        burst: frames that it may send at once.
    """

    __slots__ = ("_burst", "_rate", "_stamp", "_tokens")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._stamp: float | None = None

    def allows(self, now: float) -> bool:
        """Whether one more is allowed at ``now``, in seconds of a monotonic clock; it is counted."""
        if self._stamp is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._stamp) * self._rate)
        self._stamp = now
        self._tokens -= 1
        return self._tokens >= 0
