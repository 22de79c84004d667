"""Jobs that are submitted again and again: what people wish for, and submitting what is due.

A schedule's ``next_at`` is the truth. Whoever finds that it has come takes the row, submits, and moves it
on, in one transaction: so no time is submitted twice, whoever looks at the same moment, and none is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from jobs import actions, cron, queue
from jobs.actions import Checked, Submission
from jobs.cron import BadExpression
from jobs.errors import BadSchedule, SubmitError, TooManySchedules
from jobs.models import Job, Schedule
from jobs.states import Priority

logger = logging.getLogger(__name__)
Missed = Schedule.Missed

MOST_OF_ONE_PERSON = 100
MOST_MISSED = 100
"""So many of the times that were missed are caught up with, the newest, where each is to be."""
LATE = timedelta(seconds=60)
"""What is longer ago than this was missed; workers that run are a second late."""
AT_ONCE = 50
"""How many schedules are looked at in one go, so that a drain gets back to its steps."""
LONGEST_TITLE = 200
LONGEST_EXPRESSION = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """A job to be repeated, and when, as asked for; not yet checked.

    Args:
        submission: the job.
        cron: an expression of five fields, see `jobs.cron`.
        zone: the name of a time zone.
        title: what to call it; the job's kind if empty.
        missed: what to do about times that went by while nothing ran.
        enabled: whether it is switched on.
    """

    submission: Submission
    cron: str
    zone: str = "UTC"
    title: str = ""
    missed: str = Missed.ONCE
    enabled: bool = True


def create(owner: Any, wish: Wish) -> Schedule:
    """Makes a schedule for ``owner``; its first job comes at its next time.

    Raises:
        SubmitError: nothing was made; its ``errors`` name the fields at fault.
    """
    checked = check(owner.pk, wish)
    schedule = Schedule(owner=owner, kind=checked.kind.name)
    _fill(schedule, wish, checked)
    schedule.next_at = _next(wish)
    with transaction.atomic():
        queue.lock_line_of(owner.pk)
        if Schedule.objects.filter(owner=owner).count() >= MOST_OF_ONE_PERSON:
            raise TooManySchedules
        schedule.save(force_insert=True)
    return schedule


def change(schedule: Schedule, **changes: Any) -> Schedule:
    """Changes a schedule. A new rhythm, and one that is switched on, count from now.

    Args:
        schedule: the one to change.
        changes: fields of `Wish` and, but for the kind, of its `Submission`, by name.

    Raises:
        SubmitError: nothing was changed. Schedule.DoesNotExist: it was deleted meanwhile.
    """
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
        before = wish_of(schedule)
        own = {
            name: changes.pop(name)
            for name in ("input", "options", "upload", "priority", "tags")
            if name in changes
        }
        wish = replace(before, submission=replace(before.submission, **own), **changes)
        switched_on = wish.enabled and not before.enabled
        if own or switched_on or _what(wish) != _what(before):
            _fill(schedule, wish, check(schedule.owner_id, wish))
        schedule.missed, schedule.enabled = Missed(wish.missed), wish.enabled
        if (wish.cron, wish.zone, wish.enabled) != (before.cron, before.zone, before.enabled):
            schedule.next_at, schedule.last_error = _next(wish), ""
        schedule.save()
    return schedule


def check(owner_id: int, wish: Wish) -> Checked:
    """Whether the wish can be fulfilled; its job is checked as if it were submitted now.

    Raises:
        SubmitError: its ``errors`` name the fields at fault.
    """
    if wish.submission.upload and wish.submission.upload.owner_id != owner_id:
        raise _refused([("upload", "There is no such upload of yours. Hand in the file first.")])
    faults = list(_faults(wish))
    if faults:
        raise _refused(faults)
    return actions.check(wish.submission)


def wish_of(schedule: Schedule) -> Wish:
    """What ``schedule`` stands for."""
    return Wish(
        submission=_submission(schedule),
        cron=schedule.cron,
        zone=schedule.timezone,
        title=schedule.title,
        missed=schedule.missed,
        enabled=schedule.enabled,
    )


def repeated(job: Job) -> Submission:
    """``job`` as it can be submitted again."""
    return Submission(
        kind=job.kind,
        input=job.input,
        upload=job.upload,
        options=job.options,
        priority=Priority(job.priority).label,
        tags=tuple(job.tag_list),
    )


def next_times(schedule: Schedule, count: int) -> list[datetime]:
    """When it comes next; nothing while it is switched off."""
    if schedule.next_at is None or not schedule.enabled:
        return []
    try:
        further = cron.next_times(schedule.cron, schedule.timezone, schedule.next_at, count - 1)
    except BadExpression:
        return [schedule.next_at]
    return [schedule.next_at, *further]


def run_due(now: datetime | None = None) -> int:
    """Submits the jobs of the schedules whose time has come; how many jobs. One query when none is due.

    A schedule whose job can't be submitted keeps the reason, and goes on with its next time.
    """
    now = now or timezone.now()
    due = Schedule.objects.filter(enabled=True, next_at__lte=now).order_by("next_at", "id")
    return sum(_run(schedule, now) for schedule in due[:AT_ONCE])


def times_to_run(schedule: Schedule, now: datetime) -> tuple[list[datetime], str]:
    """The times that have come and are to be run, and a sentence on those that are not.

    Pure. By the schedule's policy for what was missed, which is what came more than `LATE` ago.
    """
    most = MOST_MISSED + 1 if schedule.missed == Missed.ALL else 1
    assert schedule.next_at is not None, "only for a schedule that is due"
    times = cron.last_times(schedule.cron, schedule.timezone, schedule.next_at, now, most) or [
        schedule.next_at
    ]
    if schedule.missed == Missed.SKIP and now - times[-1] > LATE:
        return [], "Its time went by while no worker ran, and was skipped."
    if len(times) > MOST_MISSED:
        return times[
            1:
        ], f"More than {MOST_MISSED} of its times went by while no worker ran; only the last were run."
    return times, ""


def _run(schedule: Schedule, now: datetime) -> int:
    """Runs one schedule. Whatever is wrong with it, the others and the worker go on."""
    try:
        return _submit_due(schedule, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("schedule %s can't be run", schedule.pk)
        _pass_over(schedule, now)
        return 0


def _submit_due(seen: Schedule, now: datetime) -> int:
    with transaction.atomic():
        schedule = _taken(seen)
        if schedule is None:
            return 0
        times, error = times_to_run(schedule, now)
        try:
            jobs = _submit(schedule, len(times))
        except SubmitError as refused:
            jobs, error = [], refused.message
        schedule.last_error = error
        if jobs:
            schedule.last_at = times[-1]
        _move_on(schedule, now)
    return len(jobs)


def _taken(seen: Schedule) -> Schedule | None:
    """The schedule, locked, unless somebody else has run or changed it since it was ``seen``."""
    rows = Schedule.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "owner", "upload"
    )
    return rows.filter(pk=seen.pk, enabled=True, next_at=seen.next_at).first()


def _submit(schedule: Schedule, count: int) -> list[Job]:
    if not count:
        return []
    if not schedule.owner.is_active:
        raise BadSchedule("The account of its owner is switched off.")
    wanted = replace(_submission(schedule), schedule=schedule.pk)
    return actions.submit_many(schedule.owner, [wanted] * count)


def _pass_over(seen: Schedule, now: datetime) -> None:
    """Goes on with the next time, after something that nobody foresaw."""
    with transaction.atomic():
        schedule = _taken(seen)
        if schedule:
            schedule.last_error = (
                "Something went wrong inside ShipSpeak, so this time was left out. The operators can see it."
            )
            _move_on(schedule, now)


def _move_on(schedule: Schedule, now: datetime) -> None:
    try:
        schedule.next_at = cron.next_time(schedule.cron, schedule.timezone, now)
    except BadExpression:
        schedule.enabled, schedule.next_at = False, None
        schedule.last_error = (
            "Its times can no longer be told, so it was switched off. Change them, then switch it on."
        )
    schedule.save(update_fields=["enabled", "next_at", "last_at", "last_error"])


def _submission(schedule: Schedule) -> Submission:
    return Submission(
        kind=schedule.kind,
        input=schedule.input,
        upload=schedule.upload,
        options=schedule.options,
        priority=Priority(schedule.priority).label,
        tags=tuple(tag for tag in schedule.tags.split("|") if tag),
    )


def _what(wish: Wish) -> tuple[str, str, str]:
    """What of a wish must be checked when it changes."""
    return wish.cron, wish.zone, wish.title


def _next(wish: Wish) -> datetime | None:
    return cron.next_time(wish.cron, wish.zone, timezone.now()) if wish.enabled else None


def _fill(schedule: Schedule, wish: Wish, checked: Checked) -> None:
    schedule.title = wish.title.strip() or checked.kind.title
    schedule.input, schedule.options = (
        checked.input.model_dump(mode="json"),
        checked.options.model_dump(mode="json"),
    )
    schedule.upload, schedule.priority = wish.submission.upload, checked.priority
    schedule.tags = Job.joined(wish.submission.tags)
    schedule.cron, schedule.timezone = " ".join(wish.cron.split()), wish.zone
    schedule.missed, schedule.enabled = Missed(wish.missed), wish.enabled


def _faults(wish: Wish) -> Sequence[tuple[str, str]]:
    """What is wrong with the times and the title: the field and a sentence for each fault."""
    faults = []
    if len(wish.title) > LONGEST_TITLE:
        faults.append(("title", f"A title has at most {LONGEST_TITLE} characters."))
    if wish.missed not in Missed.values:
        faults.append(("missed", f"“{wish.missed}” is not known. It is one of: {', '.join(Missed.values)}."))
    if wish.zone not in cron.zones():
        faults.append(("timezone", f"“{wish.zone}” is no time zone. Write it like Europe/Berlin, or UTC."))
    elif fault := _fault_of_expression(wish):
        faults.append(("cron", fault))
    return faults


def _fault_of_expression(wish: Wish) -> str:
    if len(wish.cron) > LONGEST_EXPRESSION:
        return f"A cron expression has at most {LONGEST_EXPRESSION} characters here."
    try:
        cron.check(wish.cron, wish.zone, timezone.now())
    except BadExpression as error:
        why = str(error).rstrip(".").lower() or "it never comes"
        return (
            f"“{wish.cron}” can't be used: {why}. Write minute, hour, day of the month, month and day of the "
            "week, such as “0 9 * * 1-5” for nine o'clock on weekdays."
        )
    return ""


def _refused(faults: Sequence[tuple[str, str]]) -> BadSchedule:
    errors = [{"path": path, "message": message} for path, message in faults]
    return BadSchedule(faults[0][1], errors=errors)
