"""Pausing the queue, or one kind of job, and letting it go on.

A pause is a row of `KindPolicy`, and nothing else: claims pass over what is paused (`jobs.admission`), so
nothing of a queued job changes, and resuming restores all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jobs import queue
from jobs.admission import WHOLE_QUEUE
from jobs.errors import Paused, UnknownKind
from jobs.kinds import registry
from jobs.models import KindPolicy
from jobs.presentation import moment
from realtime.log import publish

STREAM = "system"


def pause(
    kind: str = WHOLE_QUEUE, *, by: Any = None, stop_running: bool = False, refuse_new: bool = False
) -> KindPolicy:
    """Claims nothing more of ``kind`` until `resume`. Pausing again changes how; it began when it began.

    Args:
        kind: name of a kind, or the `WHOLE_QUEUE`.
        by: the account of who does it, if anybody.
        stop_running: gives what runs back to the queue within a second, rather than letting it finish.
        refuse_new: refuses new jobs, rather than letting them wait.

    Raises:
        UnknownKind: there is no such kind.
    """
    if kind != WHOLE_QUEUE:
        registry.get(kind)
    with transaction.atomic():
        KindPolicy.objects.get_or_create(kind=kind)
        policy = KindPolicy.objects.select_for_update().get(kind=kind)
        policy.paused_at = policy.paused_at or timezone.now()
        policy.paused_by, policy.stop_running, policy.refuse_new = by, stop_running, refuse_new
        _write(policy)
    return policy


def resume(kind: str = WHOLE_QUEUE) -> bool:
    """Lets ``kind`` go on at once; False when it was not paused.

    Raises:
        UnknownKind: there is no such kind, and nothing of that name is paused.
    """
    with transaction.atomic():
        policy = KindPolicy.objects.select_for_update().filter(kind=kind, paused_at__isnull=False).first()
        if policy is None:
            if kind != WHOLE_QUEUE and kind not in registry:
                raise UnknownKind(f"There is no kind {kind!r}, and nothing of that name is paused.")
            return False
        policy.paused_at = policy.paused_by = None
        policy.stop_running = policy.refuse_new = False
        _write(policy)
    return True


def data(policy: KindPolicy) -> dict[str, Any]:
    """A pause as the API and its event show it; ``kind`` is null for the whole queue. It names no person."""
    return {
        "kind": policy.kind or None,
        "paused": policy.paused_at is not None,
        "since": moment(policy.paused_at),
        "stop_running": policy.stop_running,
        "refuse_new": policy.refuse_new,
    }


def pauses() -> list[dict[str, Any]]:
    """All that is paused now, as `data`. One query."""
    return [data(policy) for policy in _paused().order_by("kind")]


def notice(kind: str = WHOLE_QUEUE, *, is_accepted: bool = False) -> str:
    """A sentence for people who want a job of ``kind`` while that is paused; "" when it is not. One query.

    Args:
        kind: of the job.
        is_accepted: whether they have submitted it already, so that it waits.
    """
    found = {policy.kind: policy for policy in _paused().filter(kind__in={WHOLE_QUEUE, kind})}
    if not found:
        return ""
    if not is_accepted and any(policy.refuse_new for policy in found.values()):
        return refusal(found)
    return f"{_subject(found)}: jobs wait, and nothing is lost. They go on by themselves when it is resumed."


def refuse_if_paused(kinds: Iterable[str]) -> None:
    """Raises `Paused` when no new jobs of one of ``kinds`` are taken. One query."""
    found = {policy.kind: policy for policy in _paused().filter(refuse_new=True)}
    hit = found.keys() & {WHOLE_QUEUE, *kinds}
    if hit:
        raise Paused(refusal(hit))


def refusal(paused: Iterable[str]) -> str:
    """Why no new jobs are taken, when these kinds are ``paused``."""
    return f"{_subject(paused)}, and takes no new jobs. Try again later; nothing was started."


def to_stop(kinds: Iterable[str]) -> set[str]:
    """Those of ``kinds`` of which nothing may go on running. One query."""
    stopped = set(_paused().filter(stop_running=True).values_list("kind", flat=True))
    return set(kinds) if WHOLE_QUEUE in stopped else stopped & set(kinds)


def _paused() -> QuerySet[KindPolicy]:
    return KindPolicy.objects.filter(paused_at__isnull=False)


def _subject(paused: Iterable[str]) -> str:
    if WHOLE_QUEUE in paused:
        return "An operator has paused the queue"
    titles = [f"“{registry.get(kind).title}”" if kind in registry else kind for kind in sorted(paused)]
    return f"An operator has paused {' and '.join(titles)}"


def _write(policy: KindPolicy) -> None:
    """Writes the pause with its event, and wakes the workers, who stop or go on."""
    policy.save(update_fields=["paused_at", "paused_by", "stop_running", "refuse_new"])
    publish(STREAM, "status.changed", {"component": "queue", **data(policy)})
    transaction.on_commit(queue.ring)
