"""The parts that ShipSpeak needs to work, and how each of them is now. What `/readyz` and `doctor` ask."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from jobs.models import Worker
from jobs.wording import workforce
from shipspeak.redis import ping

State = Literal["ok", "degraded", "down"]
GIGABYTE = 10**9
MISSED_BEATS = 3
"""After how many heartbeats that did not come a worker counts as gone."""


@dataclass(frozen=True, slots=True)
class Part:
    """How a part is.

    Args:
        name: the part, in one word.
        state: ok, degraded (works, but not as it should) or down.
        detail: what was found; tells no secret and no path.
        remedy: what to do about it; "" when it is ok.
        latency_ms: how long it took to find out, in milliseconds.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""
    latency_ms: float | None = None


def database() -> Part:
    """Whether the database answers and can be written."""
    began = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            version = _version()
    except DatabaseError as error:
        return Part(
            "database",
            "down",
            f"does not answer ({type(error).__name__})",
            "Check DATABASE_URL and DATA_DIR.",
        )
    return Part("database", "ok", version, latency_ms=_since(began))


def migrations() -> Part:
    """Whether the tables are those of this version."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return Part("migrations", "down", "the database does not answer", "See database.")
    if missing:
        return Part("migrations", "down", f"{len(missing)} not applied", "Run `manage.py migrate`.")
    return Part("migrations", "ok", "all applied")


def workers() -> Part:
    """Whether workers beat. Each host keeps one process more, which takes no jobs, for housekeeping."""
    silence = timedelta(seconds=MISSED_BEATS * settings.WORKER_HEARTBEAT_INTERVAL)
    try:
        beating = Worker.objects.filter(ended_at=None, seen_at__gt=timezone.now() - silence)
        hosts = list(beating.values_list("host", flat=True))
    except DatabaseError:
        return Part("workers", "down", "the database does not answer", "See database.")
    if not hosts:
        return Part(
            "workers", "down", "none alive", "Start them with `manage.py up`, or look into their log."
        )
    return Part("workers", "ok", workforce(len(hosts), len(set(hosts))))


def redis() -> Part:
    """Whether Redis answers, where it is used. Without it everything works, but no longer as one: each
    process limits requests by itself."""
    if not settings.REDIS_URL:
        return Part("redis", "ok", "not used")
    from redis.exceptions import RedisError

    began = time.perf_counter()
    try:
        ping(settings.REDIS_URL)
    except (RedisError, OSError) as error:
        return Part("redis", "degraded", f"does not answer ({type(error).__name__})", "Check REDIS_URL.")
    return Part("redis", "ok", "answers", latency_ms=_since(began))


def disk() -> Part:
    """Whether the data directory has room for more."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    detail = f"{free / GIGABYTE:.1f} GB free"
    if free < GIGABYTE // 10:
        return Part("disk", "down", detail, "Make room where DATA_DIR is: nothing can be stored any more.")
    if free < GIGABYTE:
        return Part("disk", "degraded", detail, "Make room where DATA_DIR is.")
    return Part("disk", "ok", detail)


READINESS: tuple[Callable[[], Part], ...] = (database, migrations, workers, redis, disk)


def worst(parts: list[Part]) -> State:
    """The state of the whole: that of its worst part."""
    order: tuple[State, ...] = ("ok", "degraded", "down")
    return max((part.state for part in parts), key=order.index)


def _version() -> str:
    version = ".".join(str(number) for number in connection.get_database_version())
    return f"{connection.display_name} {version}"


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 2)
