"""Lets the queue go on: `manage.py resume_queue`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import pausing
from jobs.errors import UnknownKind


class Command(BaseCommand):
    """`manage.py resume_queue [--kind K]`."""

    help = "Lets go on what `pause_queue` paused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--kind", default="", help="the kind that was paused; the whole queue if left out"
        )

    def handle(self, *args: Any, kind: str, **options: Any) -> None:
        """Resumes it, and says what is still paused."""
        try:
            resumed = pausing.resume(kind)
        except UnknownKind as error:
            raise CommandError(error.message, returncode=2) from None
        self.stdout.write(f"{kind or 'The queue'} {'goes on' if resumed else 'was not paused'}.")
        left = [one["kind"] or "the whole queue" for one in pausing.pauses()]
        if left:
            self.stdout.write(f"Still paused: {', '.join(left)}.")
