"""Pauses the queue: `manage.py pause_queue`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import pausing
from jobs.errors import UnknownKind


class Command(BaseCommand):
    """`manage.py pause_queue [--kind K] [--stop-running] [--refuse-new]`."""

    help = "Starts nothing more, of one kind or at all, until `resume_queue`. What is queued stays queued."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", default="", help="only jobs of this kind")
        parser.add_argument(
            "--stop-running", action="store_true", help="also give back to the queue what runs, unharmed"
        )
        parser.add_argument("--refuse-new", action="store_true", help="also refuse new jobs")

    def handle(self, *args: Any, kind: str, stop_running: bool, refuse_new: bool, **options: Any) -> None:
        """Pauses, or changes how it is paused."""
        try:
            pausing.pause(kind, stop_running=stop_running, refuse_new=refuse_new)
        except UnknownKind as error:
            raise CommandError(error.message, returncode=2) from None
        running = "is given back to the queue" if stop_running else "may finish"
        new = "are refused" if refuse_new else "wait"
        self.stdout.write(f"Paused {kind or 'the queue'}. What runs {running}; new jobs {new}.")
