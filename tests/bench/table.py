"""What a benchmark gives: rows, each ours beside a peer's, measured in the same run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. Smaller is better, unless the unit is "per second".

    Attributes:
        metric: what was measured.
        unit: of both values.
        ours: our value; None when it could not be measured.
        peer: what it is compared with.
        peer_value: the peer's value; None when it could not be measured.
        budget: what ARCHITECTURE allows at most, or asks for at least; None where it says nothing.
    """

    metric: str
    unit: str
    ours: float | None
    peer: str
    peer_value: float | None
    budget: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by theirs."""
        return self.ours / self.peer_value if self.ours is not None and self.peer_value else None


def render(rows: Iterable[Row]) -> str:
    """The rows as an aligned table."""
    lines = [("what", "unit", "ours", "budget", "peer", "theirs", "ours / theirs")]
    lines += [
        (row.metric, row.unit, _number(row.ours), _number(row.budget), row.peer, _number(row.peer_value),
         _number(row.ratio))
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"
