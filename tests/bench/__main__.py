"""Runs the benchmarks: ``python -m tests.bench [jobs] [realtime] [eta]``."""

from __future__ import annotations

import importlib
import sys

from tests.bench.table import render

GROUPS = ("jobs", "realtime", "eta")


def main(names: list[str]) -> None:
    """Measures the named groups, all when none is named, and prints their rows."""
    for name in names or GROUPS:
        print(render(importlib.import_module(f"tests.bench.{name}").rows()), end="\n\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
