"""The queue: which queued steps go next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Sum
from django.utils import timezone

from jobs import admission, ranking
from jobs.admission import Policies
from jobs.models import Job, QueueClock, Share, Step, Worker
from jobs.sql import update_rows
from jobs.states import Status
from realtime import doorbell

AT_ONCE = 50
"""How many steps are looked at together, at least, where limits may keep some of them back."""


def ring() -> None:
    """Tells the workers that the queue, or a lease, changed. A hint: losing it costs a poll's delay."""
    doorbell.ring("worker")


def enter(jobs: Sequence[tuple[Job, float]]) -> None:
    """Charges jobs that enter the queue to their owners' shares, and gives them their start tags.

    Inside a transaction; the jobs are still to be written.

    Args:
        jobs: each with the slot-seconds that it is predicted to need still, in the order of their turns.
    """
    if not jobs:
        return
    virtual_time = _virtual_time()
    shares = _locked_shares({job.owner_id for job, _ in jobs})
    for job, seconds in jobs:
        share = shares[job.owner_id]
        tags = ranking.tags(
            virtual_time=virtual_time,
            last_finish=share.finish_tag,
            seconds=seconds,
            weight=weight_of(share),
        )
        job.start_tag, share.finish_tag = tags.start, tags.finish
    update_rows(shares.values(), ["finish_tag"])


def charge_all(seconds: Mapping[int, float]) -> None:
    """Charges owners, by their ids, for so many slot-seconds more, because jobs of theirs have grown.

    Inside a transaction.
    """
    if not seconds:
        return
    shares = _locked_shares(set(seconds))
    for owner_id, more in seconds.items():
        shares[owner_id].finish_tag += more / weight_of(shares[owner_id])
    update_rows(shares.values(), ["finish_tag"])


def refund(owners: Collection[int]) -> None:
    """Takes what was charged for jobs that were cancelled before they began off their owners' shares.

    What they are charged for ends where their last other job does. Jobs that began stay charged, or else
    cancelling one at its end would make it free.
    """
    if not owners:
        return
    shares = _locked_shares(owners)
    for owner_id, share in shares.items():
        share.finish_tag = min(share.finish_tag, _finish_of_last(owner_id, weight_of(share)))
    update_rows(shares.values(), ["finish_tag"])


def weight_of(share: Share) -> float:
    """How many times the throughput of a person without a tier this one gets."""
    return share.tier.weight if share.tier else 1.0


def start_of_new(owner_id: int) -> float:
    """The start tag that a job would get if ``owner_id`` submitted it now."""
    finish = Share.objects.filter(user_id=owner_id).values_list("finish_tag", flat=True).first()
    return ranking.tags(virtual_time=_virtual_time(), last_finish=finish or 0.0, seconds=0.0).start


def advance_clock(claimed: Collection[Job], next_rank: float | None) -> None:
    """Moves virtual time on to ``claimed``, and their owners' surplus jobs on to virtual time.

    A person's first job under way keeps its tag until it is done. Others that they have under way besides
    go on behind whoever comes new: without that, a newcomer would wait until one of them ends, and not
    until the next slot is free. They still go before what their owner has not begun.

    Args:
        claimed: jobs of which a step was claimed; still to be written.
        next_rank: rank of the first step that is left in the queue; None when there is none, or when
            limits keep some of it back, so that the order in which owners' jobs begin is not by rank.
    """
    reached = max(ranking.served(job.start_tag, job.priority) for job in claimed)
    virtual_time = _moved_clock(reached)
    if next_rank is None or next_rank < virtual_time - 2 * ranking.MOMENT:
        return
    behind = [job for job in claimed if job.start_tag < virtual_time]
    first = _first_under_way(behind)
    for job in behind:
        if job.pk != first[job.owner_id]:
            job.start_tag = virtual_time


def has_work() -> bool:
    """Whether a step is queued, or one that waited for its time may go on. Locks nothing."""
    return (
        Step.objects.filter(status=Status.QUEUED).exists()
        or Step.objects.filter(
            status__in=(Status.RETRYING, Status.PENDING), available_at__lte=timezone.now()
        ).exists()
    )


@dataclass(frozen=True, slots=True)
class Found:
    """Steps to claim, with their jobs locked; ``next_rank`` as `advance_clock` takes it."""

    steps: list[Step]
    next_rank: float | None = None


def next_steps(slots: int, workers: int, policies: Policies) -> Found:
    """The steps that a worker with ``slots`` free slots should claim.

    It takes its part of what is queued and leaves the others theirs, so that work which keeps a
    processor busy is spread over the workers. Jobs that another worker holds are passed over, and so is
    what may not be claimed now: those behind it move up.

    Args:
        slots: how many steps it can take.
        workers: how many workers share the queue, itself included.
        policies: what keeps steps back.
    """
    room = admission.room(policies, slots)
    queued = Step.objects.filter(status=Status.QUEUED).order_by("rank", "id")
    depth = len(room.let(queued).values_list("id", flat=True)[: slots * workers])
    part = min(room.slots, -(-depth // workers))
    rows = queued.select_related("job", "job__upload").defer("output")
    rows = rows.select_for_update(skip_locked=True, of=("job",))
    if not policies.any:
        found = list(rows[: part + 1]) if part else []
        return Found(found[:part], found[part].rank if len(found) > part else None)
    taken: list[Step] = []
    while len(taken) < part:
        chunk = max(part - len(taken), AT_ONCE)
        found = list(room.let(rows).exclude(pk__in=[step.pk for step in taken])[:chunk])
        taken += room.admit(found, part - len(taken))
        if len(found) < chunk:
            break
    return Found(taken)


def live_workers(host: str = "") -> int:
    """How many workers beat lately; on one host, if it is named."""
    since = timezone.now() - timedelta(seconds=2.5 * settings.WORKER_HEARTBEAT_INTERVAL)
    beating = Worker.objects.filter(ended_at=None, seen_at__gt=since)
    return (beating.filter(host=host) if host else beating).count()


def live_hosts() -> int:
    """On how many hosts workers beat lately. Each of them keeps one more process free for housekeeping."""
    since = timezone.now() - timedelta(seconds=2.5 * settings.WORKER_HEARTBEAT_INTERVAL)
    return Worker.objects.filter(ended_at=None, seen_at__gt=since).values("host").distinct().count()


def _virtual_time() -> float:
    """How far the queue has been served. What idle time left over is held against nobody."""
    now = QueueClock.objects.values_list("virtual_time", flat=True).first() or 0.0
    if _is_busy():
        return now
    latest = Share.objects.aggregate(finish=Max("finish_tag"))["finish"] or 0.0
    return _moved_clock(latest + ranking.MOMENT) if latest > now else now


def _is_busy() -> bool:
    return (
        Step.objects.filter(status=Status.QUEUED).exists()
        or Step.objects.filter(status=Status.PROCESSING).exists()
    )


def _moved_clock(to: float) -> float:
    """Moves virtual time on to ``to``, never back; where it stands then."""
    if QueueClock.objects.filter(virtual_time__lt=to).update(virtual_time=to):
        return to
    stands = QueueClock.objects.values_list("virtual_time", flat=True).first()
    if stands is not None:
        return stands
    QueueClock.objects.bulk_create([QueueClock(pk=1, virtual_time=to)], ignore_conflicts=True)
    return to


def lock_line_of(owner_id: int) -> None:
    """Waits until no other transaction holds this owner's share, and holds it until this one ends.

    For one that locks nothing after it: who enters jobs locks the clock before shares.
    """
    _locked_shares([owner_id])


def _locked_shares(owners: Collection[int]) -> dict[int, Share]:
    """By owner, their shares, made if need be, and locked in the order of the owners' ids."""
    found = _shares(owners)
    if missing := set(owners) - found.keys():
        Share.objects.bulk_create(
            [Share(user_id=owner_id) for owner_id in sorted(missing)], ignore_conflicts=True
        )
        found = _shares(owners)
    return found


def _shares(owners: Collection[int]) -> dict[int, Share]:
    shares = Share.objects.select_related("tier").select_for_update(of=("self",))
    return {share.user_id: share for share in shares.filter(user_id__in=owners).order_by("user_id")}


def _finish_of_last(owner_id: int, weight: float) -> float:
    """The finish tag of an owner's last job, besides those that were cancelled before they began."""
    jobs = Job.objects.filter(owner_id=owner_id).exclude(status=Status.CANCELLED, started_at=None)
    last = jobs.order_by("-start_tag", "-id").only("id", "start_tag").first()
    if last is None:
        return 0.0
    seconds = Step.objects.filter(job=last).aggregate(seconds=Sum("predicted_seconds"))["seconds"]
    return last.start_tag + (seconds or 0.0) / weight


def _first_under_way(begun: Collection[Job]) -> dict[int, UUID]:
    """By owner, the first of their jobs under way, ``begun`` included. No query if those are none."""
    if not begun:
        return {}
    owners = {job.owner_id for job in begun}
    written = Job.objects.filter(owner_id__in=owners, status=Status.PROCESSING)
    jobs = {(job.start_tag, job.pk, job.owner_id) for job in begun}
    jobs.update(written.values_list("start_tag", "pk", "owner_id"))
    return {owner_id: pk for _, pk, owner_id in sorted(jobs, reverse=True)}
