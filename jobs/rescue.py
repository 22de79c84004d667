"""Taking back the steps of workers that are gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from jobs import claims, gate, ledger
from jobs.graph import Graph
from jobs.models import Attempt, ProviderCall, Step, Worker
from jobs.states import Status
from jobs.transitions import Moves

TakeBack = Callable[[Moves, Graph, Step, Attempt | None], None]

UNSEEN_LEASES = 4
"""A worker that has not beaten for so many leases is taken for dead, wherever it ran."""


def rescue_expired(besides: UUID | None = None) -> int:
    """Takes back the steps whose lease ran out; how many.

    Args:
        besides: a worker whose own steps are left alone, because it is the one that asks.
    """
    expired = Q(lease_until__lt=timezone.now())
    return _rescue(expired & ~Q(worker=besides) if besides else expired)


def rescue_forgotten(worker: UUID, held: Collection[int]) -> int:
    """Takes back the steps that ``worker`` claimed without having heard of it; how many.

    They never ran, so that does not count as a failure: else a few hiccups of the database in a row would
    bring a job to its end.

    Args:
        worker: the one that asks.
        held: the ids of the steps that it knows of.
    """
    return _rescue(Q(worker=worker) & ~Q(id__in=held), claims.give_back)


def bury(host: str, slot: int, successor: UUID) -> int:
    """Ends the workers that held ``slot`` of ``host`` before ``successor``, and rescues their steps.

    Only the holder of the slot's lock may call this: the lock proves that they are dead.
    """
    return _bury(Worker.objects.filter(host=host, slot=slot, ended_at=None).exclude(id=successor))


def bury_unseen() -> int:
    """Ends the workers that nobody has seen for long, and rescues their steps."""
    since = timezone.now() - timedelta(seconds=UNSEEN_LEASES * settings.LEASE_SECONDS)
    return _bury(Worker.objects.filter(ended_at=None, seen_at__lt=since))


def _bury(dead: QuerySet[Worker]) -> int:
    ids = list(dead.values_list("id", flat=True))
    if not ids:
        return 0
    count = _rescue(Q(worker__in=ids))
    _close_attempts(ids)
    _charge_late_answers(ids)
    Worker.objects.filter(id__in=ids).update(ended_at=timezone.now())
    return count


def _close_attempts(workers: Sequence[UUID]) -> None:
    """Ends the attempts that dead ``workers`` left open on steps which others have ended since."""
    left = Attempt.objects.filter(worker__in=workers, outcome=Attempt.Outcome.RUNNING)
    for attempt in left.select_related("step"):
        with transaction.atomic():
            moves = Moves.of([attempt.step.job_id])
            found = moves.find(attempt.step.job_id, attempt.step_id)
            if found and (found[1].status, found[1].attempts) != (Status.PROCESSING, attempt.number):
                spent = ledger.spent_by(found[1], attempt.number)
                moves.close(*found, attempt, Attempt.Outcome.CANCELLED, spent)
                moves.write()


def _charge_late_answers(workers: Sequence[UUID]) -> None:
    """Charges the answers that dead ``workers`` stored after their attempts had been taken from them: they
    did not live to settle them."""
    calls = ProviderCall.objects.filter(step=OuterRef("step"), attempt=OuterRef("number"))
    charged = calls.filter(Q(answer__isnull=False) | Q(tokens_out__isnull=False))
    lost = Attempt.objects.filter(Exists(charged), worker__in=workers, outcome=Attempt.Outcome.LOST)
    for pk, step_id, job_id in lost.values_list("pk", "step_id", "step__job_id"):
        with transaction.atomic():
            moves = Moves.of([job_id])
            found, attempt = moves.find(job_id, step_id), Attempt.objects.filter(pk=pk).first()
            if found and attempt:
                moves.correct(*found, attempt, ledger.spent_by(found[1], attempt.number))
                moves.write()


def _rescue(which: Q, take_back: TakeBack = claims.lose) -> int:
    count = 0
    while rescued := _rescue_some(which, take_back):
        count += rescued
    return count


def _rescue_some(which: Q, take_back: TakeBack) -> int:
    lost = Step.objects.filter(which, status=Status.PROCESSING)
    pairs = list(lost.values_list("job_id", "id")[:500])
    if not pairs:
        return 0
    with transaction.atomic():
        moves = Moves.of(job_id for job_id, _ in pairs)
        gone = set(lost.filter(id__in=[pk for _, pk in pairs]).values_list("id", flat=True))
        attempts = {
            (one.step_id, one.number): one
            for one in Attempt.objects.filter(step_id__in=gone, outcome=Attempt.Outcome.RUNNING)
        }
        gate.lose(gone)
        for graph in moves.graphs.values():
            for step in graph.steps:
                if step.pk in gone:
                    take_back(moves, graph, step, attempts.get((step.pk, step.attempts)))
        moves.write()
    return len(gone)
