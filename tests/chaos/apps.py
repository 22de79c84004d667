"""Makes the clocks of a chaos run go faster, in each of its processes, so that it is short."""

from __future__ import annotations

from django.apps import AppConfig

CLAIM_SECONDS = 15
"""For which the Idempotency-Key of a request belongs to a web process that was killed."""
CLOSED_SECONDS = 1.5
"""For which a service that fails is left alone at first."""
PROBE_SECONDS = 6.0
"""A little more than any step may take in the run."""


class ChaosConfig(AppConfig):
    """The app of the run's processes."""

    name = "tests.chaos"

    def ready(self) -> None:
        """Sets the clocks."""
        from jobs import breaker
        from jobs.api import idempotency

        idempotency.CLAIM_SECONDS = CLAIM_SECONDS
        breaker.FIRST_SECONDS, breaker.PROBE_SECONDS = CLOSED_SECONDS, PROBE_SECONDS
