"""The queue: which queued steps go next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from jobs import ranking
from jobs.models import QueueClock, Share, Step, Worker
from jobs.states import Status
from realtime import doorbell


def ring() -> None:
    """Tells the workers that the queue, or a lease, changed. A hint: losing it costs a poll's delay."""
    doorbell.ring("worker")


def assign_ranks(steps: Sequence[Step]) -> None:
    """Ranks steps that enter the queue, and moves their owners' finish tags. Inside a transaction."""
    if not steps:
        return
    virtual_time = QueueClock.objects.values_list("virtual_time", flat=True).first() or 0.0
    owners = {step.owner_id for step in steps}
    shares = {
        share.user_id: share
        for share in Share.objects.select_for_update().filter(user_id__in=owners).order_by("user_id")
    }
    for owner in owners - shares.keys():
        shares[owner] = Share(user_id=owner)
    for step in steps:
        share = shares[step.owner_id]
        tags = ranking.tags(
            virtual_time=virtual_time, last_finish=share.finish_tag, seconds=step.predicted_seconds
        )
        share.finish_tag = tags.finish
        step.rank = ranking.rank(tags.start, step.priority)
    Share.objects.bulk_create(
        shares.values(), update_conflicts=True, update_fields=["finish_tag"], unique_fields=["user"]
    )


def moved_rank(step: Step, priority: int) -> float:
    """The rank that ``step`` has once its priority is ``priority``."""
    return ranking.rank(ranking.start_of(step.rank, step.priority), priority)


def advance_clock(steps: Sequence[Step]) -> None:
    """Moves virtual time on to the latest start among ``steps``, which were just claimed."""
    start = max(ranking.start_of(step.rank, step.priority) for step in steps)
    if not QueueClock.objects.exists():
        QueueClock.objects.bulk_create([QueueClock(pk=1)], ignore_conflicts=True)
    QueueClock.objects.filter(virtual_time__lt=start).update(virtual_time=start)


def has_work() -> bool:
    """Whether a step is queued, or one that waited for its time may go on. Locks nothing."""
    return (
        Step.objects.filter(status=Status.QUEUED).exists()
        or Step.objects.filter(
            status__in=(Status.RETRYING, Status.PENDING), available_at__lte=timezone.now()
        ).exists()
    )


def next_steps(slots: int, workers: int) -> list[Step]:
    """The steps that a worker with ``slots`` free slots should claim, with their jobs locked.

    It takes its part of what is queued and leaves the others theirs, so that work which keeps a
    processor busy is spread over the workers. Jobs that another worker holds are passed over.

    Args:
        slots: how many steps it can take.
        workers: how many workers share the queue, itself included.
    """
    queued = Step.objects.filter(status=Status.QUEUED).order_by("rank", "id")
    depth = len(queued.values_list("id", flat=True)[: slots * workers])
    part = min(slots, -(-depth // workers))
    return list(
        queued.select_related("job", "job__upload")
        .defer("output")
        .select_for_update(skip_locked=True, of=("job",))[:part]
    )


def live_workers(host: str = "") -> int:
    """How many workers beat lately; on one host, if it is named."""
    since = timezone.now() - timedelta(seconds=2.5 * settings.WORKER_HEARTBEAT_INTERVAL)
    beating = Worker.objects.filter(ended_at=None, seen_at__gt=since)
    return (beating.filter(host=host) if host else beating).count()
