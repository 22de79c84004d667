"""A site on which something of everything goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from jobs import pausing
from jobs.errors import InvalidData, ProviderAuthError
from jobs.models import Door, Job, ProviderCall, Worker
from tests.jobs.engine import claim, job, person, settle


def call(owner: Any, **fields: Any) -> ProviderCall:
    """A call of ``owner`` to a provider."""
    given = {"attempt": 1, "task": "t", "fingerprint": "f", "provider": "openai", "model": "m"}
    return ProviderCall.objects.create(**{**given, "owner_id": owner.pk, **fields})


def busy_site() -> None:
    """Workers, one of them missing; jobs that wait, run and failed; doors; a pause; money spent."""
    alice, bob, now = person("alice"), person("bob"), timezone.now()
    Worker.objects.create(host="here/1", pid=1, slot=0, concurrency=64, in_flight=1)
    Worker.objects.create(host="here/1", pid=2, slot=1, concurrency=64, seen_at=now - timedelta(minutes=2))
    job("broken")
    settle(claim()[0], InvalidData("No."))
    job("slow", owner="bob")
    settle(claim()[0], ProviderAuthError())
    job("slow")
    claim()
    for priority in ("urgent", "normal", "normal"):
        job("slow", priority=priority)
    job("noop")
    Door.objects.create(
        provider="openai",
        model="m",
        closed_until=now + timedelta(minutes=1),
        closed_for="provider_auth",
        requests_per_minute=2,
    )
    Door.objects.create(provider="spare", model="s", tokens_per_minute=1000)
    pausing.pause("test.slow")
    for index in range(30):
        call(alice, outcome="failed" if index < 15 else "succeeded", cost_usd=Decimal("0.01"))
    call(bob, usd_reserved=Decimal("0.5"))
    call(bob, outcome="succeeded")


def past_demand(days: int = 6) -> None:
    """Jobs of ``days`` past days, more of them in the afternoon."""
    owner, now = person("bob"), timezone.now()
    moments = [now - timedelta(hours=hour) for hour in range(24 * days, 0, -1)]
    Job.objects.bulk_create(
        Job(owner=owner, kind="test.noop", title="Old", status="completed", created_at=moment)
        for moment in moments
        for _ in range(2 + (moment.hour % 12) * (moment.hour > 8))
    )
