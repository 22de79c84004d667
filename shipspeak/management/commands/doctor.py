"""Finds what is wrong: `manage.py doctor`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.text import Text

from shipspeak import diagnosis
from shipspeak.parts import Part

MARKS = {"ok": ("✓", "green"), "degraded": ("!", "yellow"), "down": ("✗", "red")}


class Command(BaseCommand):
    """`manage.py doctor`: each line ok, or what to do. Exits with 1 when a part is down."""

    help = "Checks configuration, database, Redis, providers, mail, disk and workers."
    requires_system_checks = []  # it tells their messages in its own way

    def handle(self, *args: Any, **options: Any) -> None:
        """Looks at everything, also after something was found wrong."""
        console = Console(highlight=False, soft_wrap=True)
        found = []
        for part in diagnosis.everything():
            _tell(console, part)
            found.append(part)
        if any(part.state == "down" for part in found):
            sys.exit(1)


def _tell(console: Console, part: Part) -> None:
    mark, colour = MARKS[part.state]
    console.print(Text.assemble((f"{mark} ", colour), (f"{part.name:<18}", "bold"), part.detail))
    if part.remedy:
        console.print(Text(f"  → {part.remedy}"))
