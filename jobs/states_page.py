"""Writes the statuses into the docs: ``python -m jobs.states_page docs/job-lifecycle.md``, or `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from jobs.states import ACTIVE, MEANING, TRANSITIONS, Status

BLOCK = re.compile(r"(<!-- generated: states -->\n).*?(<!-- end -->)", re.S)


def written(page: str) -> str:
    """``page`` with its block of statuses made anew."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{table()}\n\n{diagram()}\n\n{found[2]}", page)


def table() -> str:
    """Every status, what it means and where it leads."""
    rows = ["| status | meaning | leads to |", "|---|---|---|"]
    for status in Status:
        leads = ", ".join(f"`{other}`" for other in Status if other in TRANSITIONS[status]) or "nowhere"
        rows.append(f"| `{status}` | {MEANING[status]} | {leads} |")
    return "\n".join(rows)


def diagram() -> str:
    """The moves as a state diagram, in Mermaid."""
    moves = [f"    {one} --> {other}" for one in Status for other in Status if other in TRANSITIONS[one]]
    ends = [f"    {status} --> [*]" for status in Status if status not in ACTIVE]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {Status.PENDING}", *moves, *ends, "```"])


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text()))
