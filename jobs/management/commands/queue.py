"""Shows the queue: `manage.py queue`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs import overview, queue
from jobs.wording import workforce


class Command(BaseCommand):
    """`manage.py queue [--json]`."""

    help = "Shows depth, workers, waits, throughput and errors now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        """One look at it."""
        found = overview.site()
        self.stdout.write(json.dumps(found, indent=2) if as_json else "\n".join(_lines(found)))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    slots, waits = found["slots"], found["wait_seconds"]
    counts = ", ".join(f"{found[name]} {name}" for name in ("queued", "processing", "retrying"))
    yield f"steps       {counts}"
    for one in found["depth"]:
        yield f"              {one['steps']} of {one['kind']}, {one['priority']}"
    yield f"workers     {workforce(found['workers'], queue.live_hosts())}"
    yield f"slots       {slots['busy']} of {slots['total']} taken"
    yield f"waits       half under {_seconds(waits['p50'])}, 95 % under {_seconds(waits['p95'])}"
    yield f"throughput  {found['steps_per_minute']:g} steps a minute"
    errors = ", ".join(f"{count} × {code}" for code, count in found["errors"].items())
    yield f"errors      {errors or 'none lately'}"
    remedies = [limit["remedy"] for limit in found["limits"]] or ["nothing holds the queue up"]
    for index, remedy in enumerate(remedies):
        yield f"{'' if index else 'bottleneck':10}  {remedy}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:g} s"
