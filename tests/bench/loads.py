"""How much is asked of the engine and of each peer: the same of all."""

from __future__ import annotations

NOOPS = 2000
"""No-op jobs, all waiting before the workers start."""
BACKLOG = 6000
"""No-op jobs that keep the workers busy while it is measured how long a submit takes."""
SUBMITS = 100
PICKUPS = 40
COLD_PICKUPS = 12
WAITING = 10_000
CALLS = 300
"""Steps that wait, and calls of a provider."""
CALL_SECONDS = 0.5
RESULTS = 300
