"""The engine's metrics for Prometheus: counters from `jobs.tallies`, gauges from the rows as they are now.

No label holds a person, a job or free text: kinds and steps come from the code, providers and models from
the settings, all else from enumerations.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from jobs import breaker, overview, queue, tallies
from jobs.breaker import Circuit
from jobs.kinds import registry
from jobs.models import Door
from jobs.states import Priority
from jobs.tallies import BOUNDS, BUCKET, SUM, Counts, Key

KEPT_SECONDS = 3.0
"""How long one look at the rows is given out again."""
MODEL = ("provider", "model")
COUNTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (tallies.JOBS, "Jobs that ended, by how. One that is requeued may end again.", ("kind", "status")),
    (tallies.STEPS, "Attempts of steps that ended, by how.", ("kind", "step", "outcome")),
    (tallies.REQUESTS, "Requests to providers that ended, by how.", (*MODEL, "outcome")),
    (tallies.TOKENS, "Tokens that providers counted.", (*MODEL, "direction")),
    (tallies.COST, "What providers' answers cost, in USD, where the price is known.", MODEL),
    (tallies.RESCUED, "Steps taken back from workers that were gone.", ()),
)
HISTOGRAMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (tallies.STEP_SECONDS, "How long attempts took that succeeded.", ("kind", "step")),
    (tallies.QUEUE_WAIT, "How long steps were in the queue before an attempt.", ()),
    (tallies.PROVIDER_SECONDS, "How long requests took that were answered well.", MODEL),
)

logger = logging.getLogger(__name__)


class EngineCollector(Collector):
    """Looks at the rows when it is asked, but not more often than every `KEPT_SECONDS`."""

    def __init__(self) -> None:
        self._until = 0.0
        self._found: list[Metric] = []
        self._highest: Counts = {}

    def describe(self) -> Iterable[Metric]:
        """Its names, without a look, which would be too early when the site starts."""
        return [*_counters({}), *_histograms({}), *_gauges({}, 0, {})]

    def collect(self) -> Iterable[Metric]:
        """The metrics; those of a moment ago, or none, when the database can't be asked."""
        now = time.monotonic()
        if now >= self._until:
            try:
                self._found = self._look()
            except DatabaseError as error:
                logger.warning("The engine's metrics could not be read: %s", error)
                self._found = []
            self._until = now + KEPT_SECONDS
        return self._found

    def _look(self) -> list[Metric]:
        counts = self._risen(tallies.count())
        depth = {(row["kind"], row["priority"]): row["steps"] for row in overview.depth()}
        return [*_counters(counts), *_histograms(counts), *_gauges(depth, queue.live_workers(), _open())]

    def _risen(self, counts: Counts) -> Counts:
        """``counts``, but none less than it was: what ended a moment ago may be deleted before it is added
        up, and Prometheus would take any fall for a new beginning."""
        for key, value in counts.items():
            self._highest[key] = max(value, self._highest.get(key, 0.0))
        return self._highest


def register() -> None:
    """Lets `/metrics` show them."""
    REGISTRY.register(EngineCollector())


def _counters(counts: Counts) -> Iterator[Metric]:
    for name, text, labels in COUNTERS:
        family = CounterMetricFamily(name, text, labels=labels)
        if not labels:
            family.add_metric([], counts.get(Key(name), 0.0))
        for key, value in sorted(counts.items()):
            if labels and key.metric == name:
                family.add_metric(key.labels, value)
        yield family


def _histograms(counts: Counts) -> Iterator[Metric]:
    for name, text, labels in HISTOGRAMS:
        family = HistogramMetricFamily(name, text, labels=labels)
        buckets: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
        if not labels:
            buckets[()] = {}
        for key, value in counts.items():
            if key.metric == name + BUCKET:
                buckets[key.labels[:-1]][key.labels[-1]] = value
        for values, found in sorted(buckets.items()):
            rising = accumulate(found.get(bound, 0.0) for bound in BOUNDS)
            family.add_metric(
                values, list(zip(BOUNDS, rising, strict=True)), counts.get(Key(name + SUM, values), 0.0)
            )
        yield family


def _gauges(depth: dict[tuple[str, str], int], workers: int, breakers: dict[str, bool]) -> Iterator[Metric]:
    """Kinds and priorities of which nothing waits are told as well, so that a graph falls to 0."""
    queued = GaugeMetricFamily("shipspeak_queue_depth", "Steps in the queue.", labels=("kind", "priority"))
    nothing = {(kind.name, priority.label): 0 for kind in registry for priority in Priority}
    for labels, steps in sorted({**nothing, **depth}.items()):
        queued.add_metric(labels, steps)
    yield queued
    yield GaugeMetricFamily("shipspeak_workers", "Worker processes that beat lately.", value=workers)
    opened = GaugeMetricFamily(
        "shipspeak_breaker_open", "1 while a door to the provider is closed.", labels=("provider",)
    )
    for provider, is_open in sorted(breakers.items()):
        opened.add_metric([provider], float(is_open))
    yield opened


def _open() -> dict[str, bool]:
    """By provider, whether a breaker of it is open."""
    now = timezone.now()
    found: defaultdict[str, bool] = defaultdict(bool)
    for door in Door.objects.all():
        found[door.provider] |= breaker.circuit(door, now) is Circuit.OPEN
    return found
