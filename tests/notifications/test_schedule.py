from __future__ import annotations

from pydoc import locate

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django_q.models import Schedule

from notifications import schedule

pytestmark = pytest.mark.django_db


def test_it_is_there_after_the_migrations_and_runs_every_minute() -> None:
    row = Schedule.objects.get(name=schedule.NAME)
    assert (row.schedule_type, row.minutes, row.repeats) == (Schedule.MINUTES, 1, -1)
    assert callable(locate(row.func))


def test_it_comes_back_when_it_was_lost_and_stays_as_operators_want_it() -> None:
    Schedule.objects.all().delete()
    schedule.ensure(apps=apps)
    Schedule.objects.update(minutes=5)
    schedule.ensure(apps=apps)
    assert Schedule.objects.get(name=schedule.NAME).minutes == 5


def test_it_does_nothing_before_the_tables_are_there() -> None:
    schedule.ensure(apps=Apps())
