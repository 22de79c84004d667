"""Deliveries: their rows come first, then the sending, by as many workers as there are.

A delivery is taken up by compare-and-set, so two workers never send it both. Who dies while sending
leaves it pending, and when the time that sending may last is over, it is taken up again.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from notifications.backoff import MAX_ATTEMPTS, wait_after
from notifications.models import Delivery
from notifications.models.delivery import ERROR_LENGTH
from notifications.transports import transports
from notifications.transports.contract import Transport, TransportError
from notifications.wording import one_line

TASK = "notifications.outbox.deliver_due"
SENDING_TIME = timedelta(minutes=5)
"""How long sending one may last. After that its worker counts as dead."""
RUN_SECONDS = 10.0
"""How long a run goes on before it makes room in its worker for other tasks, and asks for another run.

A cluster that is stopped waits for its tasks; this is less than the 15 s that `manage.py up` gives it.
"""
PATIENCE = 3
"""After so many failures in a row a run leaves a transport alone: waiting for what is down helps no one."""
_BATCH = 50
_ANSWERED_WITHIN = timedelta(seconds=10)

logger = logging.getLogger(__name__)


def wake_on_commit(deliveries: Iterable[Delivery]) -> None:
    """After the commit, asks for a run that sends these, unless one is asked for already."""
    pending = [each.pk for each in deliveries if each.status == Delivery.Status.PENDING]
    if pending:
        transaction.on_commit(partial(_wake_unless_asked, min(pending)), robust=True)


def wake() -> None:
    """Asks for a run. Should that be lost, the schedule of `notifications.schedule` makes up for it."""
    async_task(TASK, save=False)


def deliver_due() -> None:
    """Sends what is pending and due. A django-q2 task; any number may run at the same time."""
    ends = time.monotonic() + RUN_SECONDS
    failures: Counter[str] = Counter()
    while batch := _due(_left_alone(failures)):
        for delivery in batch:
            if time.monotonic() > ends:
                wake()
                return
            if delivery.transport not in _left_alone(failures):
                _take_up(delivery, failures)


def send_again(deliveries: QuerySet[Delivery]) -> int:
    """Makes those that are at an end pending anew, asks for a run, and says how many they are."""
    with transaction.atomic():
        count = deliveries.exclude(status=Delivery.Status.PENDING).update(
            status=Delivery.Status.PENDING,
            attempts=0,
            last_error="",
            next_try_at=timezone.now(),
            sent_at=None,
        )
        if count:
            transaction.on_commit(wake)
    return count


def _wake_unless_asked(first: int) -> None:
    """Leaves it to an older delivery, fresh and untouched: its run, once it takes that up, looks again.

    Only to older ones, so that of any number of writers the first asks. Only to fresh ones, so that
    a run that was asked for and lost does not keep all that follow waiting.
    """
    now = timezone.now()
    asked = Delivery.objects.filter(
        pk__lt=first,
        status=Delivery.Status.PENDING,
        attempts=0,
        next_try_at__gt=now - _ANSWERED_WITHIN,
        next_try_at__lte=now,
    )
    if not asked.exists():
        wake()


def _due(without: Sequence[str]) -> list[Delivery]:
    pending = Delivery.objects.filter(status=Delivery.Status.PENDING, next_try_at__lte=timezone.now())
    found = pending.exclude(transport__in=without).select_related("notification__recipient")
    return list(found.order_by("next_try_at", "pk")[:_BATCH])


def _left_alone(failures: Counter[str]) -> list[str]:
    return [name for name, count in failures.items() if count >= PATIENCE]


def _take_up(delivery: Delivery, failures: Counter[str]) -> None:
    transport = transports().get(delivery.transport)
    if not _claim(delivery):
        return
    if transport is None:
        _end(delivery, Delivery.Status.SKIPPED, f"There is no transport {delivery.transport} any more.")
    elif obstacle := transport.reachable(delivery.notification.recipient):
        _end(delivery, Delivery.Status.SKIPPED, obstacle)
    elif delivery.attempts > MAX_ATTEMPTS:
        _end(delivery, Delivery.Status.FAILED, f"Given up: no worker survived {MAX_ATTEMPTS} attempts.")
    elif error := _failure(transport, delivery):
        failures[transport.name] += not error.permanent
        _fail(delivery, error)
    else:
        del failures[transport.name]
        _end(delivery, Delivery.Status.SENT)


def _claim(delivery: Delivery) -> bool:
    """Takes the delivery up if nobody else did since it was read."""
    seen = delivery.next_try_at
    delivery.attempts += 1
    delivery.next_try_at = timezone.now() + SENDING_TIME
    return _write(delivery, seen, "attempts", "next_try_at")


def _failure(transport: Transport, delivery: Delivery) -> TransportError | None:
    try:
        transport.send(delivery)
    except TransportError as error:
        return error
    except Exception as error:  # a fault in one transport must not hold up the others
        logger.exception("Transport %s broke on delivery %s", transport.name, delivery.pk)
        return TransportError(f"The transport is at fault: {type(error).__name__}: {error}")
    return None


def _fail(delivery: Delivery, error: TransportError) -> None:
    if error.permanent or delivery.attempts >= MAX_ATTEMPTS:
        _end(delivery, Delivery.Status.FAILED, error.message)
        return
    claimed = delivery.next_try_at
    delivery.next_try_at = timezone.now() + wait_after(delivery.attempts)
    delivery.last_error = one_line(error.message, ERROR_LENGTH)
    _write(delivery, claimed, "next_try_at", "last_error")


def _end(delivery: Delivery, status: Delivery.Status, why: str = "") -> None:
    delivery.status = status
    delivery.last_error = one_line(why, ERROR_LENGTH)
    delivery.sent_at = timezone.now() if status == Delivery.Status.SENT else None
    _write(delivery, delivery.next_try_at, "status", "last_error", "sent_at")


def _write(delivery: Delivery, seen: datetime, *fields: str) -> bool:
    """Writes ``fields`` if the row still is as it was ``seen``, and says whether it was."""
    row = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING, next_try_at=seen)
    return bool(row.update(**{field: getattr(delivery, field) for field in fields}))
