"""The schedule that stands behind every request for a run, and that finds what is to be tried again."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

from notifications.outbox import TASK

NAME = "Send notifications that are due"


def ensure(*, apps: Apps = installed, **signal: Any) -> None:
    """After the migrations, and after a flush: makes sure that `outbox.deliver_due` runs every minute.

    An operator's changes to the schedule stay. When django-q2's tables are not there, it does nothing.
    """
    try:
        model = apps.get_model("django_q", "Schedule")
    except LookupError:
        return
    every_minute = {"schedule_type": "I", "minutes": 1, "repeats": -1}
    model.objects.get_or_create(name=NAME, defaults={"func": TASK, **every_minute})
