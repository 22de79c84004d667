"""What `up` says: a few calm lines, coloured on a terminal and plain elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text


class Voice:
    """Writes one line an event, at once, whole: a link must never be broken into two lines."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(highlight=False, soft_wrap=True, stderr=True)

    def done(self, what: str, detail: str = "") -> None:
        """Something is as it should be."""
        self._out.print(Text.assemble(("✓ ", "green"), (f"{what:<15}", "bold"), detail))

    def say(self, line: str = "") -> None:
        """A line without a mark."""
        self._out.print(Text(line))

    def link(self, what: str, address: str) -> None:
        """An address for the person to open, alone on its line so that it is easily copied."""
        self._out.print(Text(what))
        self._out.print(Text.assemble("  ", (address, "bold cyan underline")))

    def trouble(self, line: str) -> None:
        """Something went wrong, which `up` deals with."""
        self._err.print(Text.assemble(("! ", "yellow"), line))

    def failure(self, line: str) -> None:
        """Something went wrong, and `up` ends."""
        self._err.print(Text.assemble(("✗ ", "red"), line))
