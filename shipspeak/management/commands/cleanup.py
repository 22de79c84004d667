"""Deletes what is kept no longer: `manage.py cleanup`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shipspeak import cleanup


class Command(BaseCommand):
    """`manage.py cleanup [--dry-run]`."""

    help = "Deletes events, results, files, keys and the like whose time is over. Comes daily by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Deletes part by part, and says how many went of each."""
        total = 0
        for part in cleanup.parts():
            count = part.count() if dry_run else part.prune()
            total += count
            if count:
                self.stdout.write(f"  {count:,} {part.what}")
        self.stdout.write(f"{total:,} would be deleted." if dry_run else f"{total:,} deleted.")
