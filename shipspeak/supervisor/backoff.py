"""How long to wait before a process that died is started again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 0.5
LONGEST = 30.0
LIVED = 20.0
"""A process that lived so many seconds was well; its death begins the count anew."""


@dataclass(slots=True)
class Backoff:
    """Doubling waits: none after the first death, then `FIRST` seconds, and `LONGEST` at most."""

    deaths: int = 0

    def after(self, lived: float) -> float:
        """Seconds to wait now that a process has died that lived ``lived`` seconds."""
        self.deaths = 1 if lived >= LIVED else self.deaths + 1
        return 0.0 if self.deaths == 1 else min(LONGEST, FIRST * 2.0 ** (self.deaths - 2))
