"""Snapshots: the state that stands for all of a stream's events so far, contributed part by part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from realtime.log import Position, position

Build = Callable[[str], Any]
"""Makes a part of the state from the stream's name. It may query; what it gives must be JSON."""

_parts: dict[str, tuple[str, Build]] = {}


def register(prefix: str, part: str, build: Build) -> None:
    """Contributes ``state[part]`` to the snapshot of every stream whose name starts with ``prefix``."""
    _parts[part] = (prefix, build)


def take(stream: str) -> tuple[Position, dict[str, Any]]:
    """The stream's position and, read after it, the state.

    The state contains at least every event up to the position, and perhaps later ones; so applying an
    event to a state that has it already must change nothing.
    """
    at = position(stream)
    return at, {part: build(stream) for part, (prefix, build) in _parts.items() if stream.startswith(prefix)}
