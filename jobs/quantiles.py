"""Quantiles of what was observed, and of durations of which only two quantiles are known. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

NORMAL = NormalDist()
Z90 = NORMAL.inv_cdf(0.9)
WIDEST = 1.5
"""The largest spread (standard deviation of the logarithm) that is believed: p90 at 6.8 times the median."""
NARROWEST = 0.02


def weighted_quantile(values: Sequence[tuple[float, float]], share: float) -> float:
    """The quantile of weighted values: between two of them on a straight line, never beyond the outermost.

    Each value stands in the middle of its weight (Hyndman and Fan, "Sample Quantiles in Statistical
    Packages", 1996, definition 5, with weights).

    Args:
        values: pairs of value and weight above 0, in ascending order of value; at least one.
        share: 0..1.
    """
    wanted = share * math.fsum(weight for _, weight in values)
    passed, before = 0.0, values[0]
    last = -values[0][1] / 2
    for value, weight in values:
        middle = passed + weight / 2
        if middle >= wanted:
            part = (wanted - last) / (middle - last)
            return min(value, max(before[0], before[0] + (value - before[0]) * part))
        passed, last, before = passed + weight, middle, (value, weight)
    return values[-1][0]


@dataclass(frozen=True, slots=False)
class Duration:
    """How long something takes: its median and the time within which it is done nine times in ten.

    Between and beyond, a log-normal law is taken, which fits service times of requests well enough and
    needs no more than these two (L. Brown et al., "Statistical Analysis of a Telephone Call Center: A
    Queueing-Science Perspective", JASA 100, 2005).

    Args:
        p50: seconds, above 0.
        p90: seconds, at least ``p50``.
    """

    p50: float
    p90: float

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the logarithm."""
        return min(WIDEST, max(NARROWEST, math.log(max(1.0, self.p90 / self.p50)) / Z90))

    @cached_property
    def mean(self) -> float:
        """Expected seconds; what many of them together take is a sum of these, not of medians."""
        return self.p50 * math.exp(self.spread**2 / 2)

    @cached_property
    def variance(self) -> float:
        """In seconds squared."""
        return self.mean**2 * math.expm1(self.spread**2)

    def left(self, elapsed: float) -> Duration:
        """What remains for one that has run for ``elapsed`` seconds and is not done."""
        if elapsed <= self.p50 * 1e-6:
            return self
        past = NORMAL.cdf(math.log(elapsed / self.p50) / self.spread)
        if past > 0.999:  # longer than the law thinks possible: such things go on for as long again
            return Duration(elapsed / 2, elapsed * 2)
        p50 = self._at(past + (1 - past) * 0.5) - elapsed
        p90 = self._at(past + (1 - past) * 0.9) - elapsed
        return Duration(max(p50, 1e-3), max(p90, p50, 1e-3))

    def _at(self, share: float) -> float:
        return self.p50 * math.exp(self.spread * NORMAL.inv_cdf(share))
