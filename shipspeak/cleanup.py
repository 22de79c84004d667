"""Deleting all that is kept no longer: daily by itself, and by `manage.py cleanup`.

It is a schedule of django-q2, which is made with the database, and not part of a drain's housekeeping:
nothing about it is urgent, and the process that is kept free for such tasks may take its time.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.utils import timezone
from django_q.tasks import async_task

from realtime.pruning import Leftovers, Prunable

NAME = "Delete what is kept no longer"
TASK = "shipspeak.cleanup.run"
RUN_SECONDS = 10.0
"""How long a run goes on before it makes room for other tasks, and asks for another run."""
TASKS_KEPT = timedelta(days=30)
"""How long django-q2's records of tasks that failed are kept."""


def parts(now: datetime | None = None) -> list[Prunable]:
    """All sorts of things that are kept no longer, by the settings as they are."""
    from jobs import retention as of_jobs
    from notifications import retention as of_notifications
    from realtime import pruning
    from shipspeak.accounts import retention as of_accounts

    now = now or timezone.now()
    modules = (of_jobs, of_notifications, of_accounts)
    found = [one for module in modules for one in module.leftovers(now)]
    return [*found, *pruning.leftovers(now), _tasks(now)]


def run() -> None:
    """Deletes for some seconds; if there is more, asks for another run. A django-q2 task."""
    ends_at = time.monotonic() + RUN_SECONDS
    for part in parts():
        part.prune(ends_at)
    if time.monotonic() >= ends_at:
        async_task(TASK, save=False)


def ensure(*, apps: Apps = installed, **signal: Any) -> None:
    """After the migrations, and after a flush: makes sure that `run` comes once a day.

    An operator's changes to the schedule stay. When django-q2's tables are not there, it does nothing.
    """
    try:
        model = apps.get_model("django_q", "Schedule")
    except LookupError:
        return
    model.objects.get_or_create(name=NAME, defaults={"func": TASK, "schedule_type": "D", "repeats": -1})


def _tasks(now: datetime) -> Prunable:
    model = installed.get_model("django_q", "Task")
    return Leftovers("records of old tasks", lambda: model.objects.filter(stopped__lt=now - TASKS_KEPT))
