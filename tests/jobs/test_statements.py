"""How many statements a step costs the database, from its claim to its end."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.backends.signals import connection_created

from jobs.actions import Submission, submit_many
from jobs.models import Job
from tests.jobs.engine import drain_until, person

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = 50
AT_MOST = 10
"""Statements a step, amortised over `JOBS`. Measured: 7.9. Of these, 6 write the step, its job and its
attempt at its claim, its first second and its end; django-q2 alone: 11 a task."""
KIND_AND_TABLE = re.compile(r'\s*(\w+)(?:.*?\b(?:FROM|INTO|UPDATE)\s+"?(\w+)|\s+"?(\w+))?', re.S | re.I)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts the statements of every drain's database thread while inside, by kind and table.

    Many rows written by one call count as one statement each: so many does the database execute.
    """
    profile: Counter[str] = Counter()

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if threading.current_thread().name.startswith("database"):
            rows = list(params) if many else [params]
            profile[_named(sql)] += len(rows)
            params = rows if many else params
        return execute(sql, params, many, context)

    def watch(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(count)

    connection_created.connect(watch)
    try:
        yield profile
    finally:
        connection_created.disconnect(watch)


def _named(sql: str) -> str:
    found = KIND_AND_TABLE.match(sql)
    assert found, sql
    return f"{found[1].upper()} {found[2] or found[3] or ''}".strip()


def test_it_needs_few_statements_a_step():
    with counted() as profile:
        submit_many(person(), [Submission("test.noop")] * JOBS)
        drain_until(lambda: Job.objects.filter(status="completed").count() == JOBS)
    told = "\n".join(f"{number:5} {name}" for name, number in profile.most_common())
    assert profile.total() <= AT_MOST * JOBS, told
