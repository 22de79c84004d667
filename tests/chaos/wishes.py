"""What people of the chaos run submit."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.chaos.people import Wish

Make = Callable[[Random, str], dict[str, Any]]


def _nothing(chance: Random, mark: str) -> dict[str, Any]:
    return {}


def _words(chance: Random, mark: str) -> dict[str, Any]:
    return {"text": f"{mark} {chance.choice(('reports', 'asks', 'says'))} {chance.randrange(1000)}"}


def _pace(chance: Random, mark: str) -> dict[str, Any]:
    return {"seconds": round(chance.uniform(0.05, 1.5), 2), "ticks": 5}


def _trouble(chance: Random, mark: str) -> dict[str, Any]:
    return {"failures": chance.choice((0, 0, 1, 2))}


def _parts(chance: Random, mark: str) -> dict[str, Any]:
    return {"count": chance.randrange(6)}


def _meeting(chance: Random, mark: str) -> dict[str, Any]:
    lines = (
        f"Ann: Good morning. This is the review of {mark}, and we have {chance.randrange(2, 9)} points.",
        f"Bob: The page for {mark} is nearly done. I need two more days for the tests.",
        f"Ann: Then we decide to ship {mark} on Friday. Bob will write to the customers.",
        f"Carla: I will prepare the numbers of {mark} until Thursday.",
        f"Bob: What about the budget of {mark}? Did they answer?",
        f"Carla: They agreed to {mark} yesterday.",
    )
    return {"text": "\n".join(lines), "title": f"Review of {mark}"}


KINDS: tuple[tuple[int, str, Make], ...] = (
    (3, "test.noop", _nothing),
    (2, "test.slow", _pace),
    (2, "test.flaky", _trouble),
    (4, "test.ask", _words),
    (2, "test.ask_then_fail", _words),
    (3, "test.number", _words),
    (3, "test.paid_chain", _words),
    (2, "test.chain", _pace),
    (2, "test.diamond", _trouble),
    (2, "test.optional", _trouble),
    (2, "test.fan", _parts),
    (3, "test.embed", _words),
    (2, "meeting", _meeting),
)
"""How often, what, and with which input."""


def wishes(first: int, number: int, chance: Random, *, only: str = "") -> list[Wish]:
    """Jobs of mixed kinds.

    Args:
        first: number of the first one.
        number: how many.
        chance: by which they are chosen.
        only: the one kind that they are of, if not mixed.
    """
    kinds = [one for one in KINDS if only in ("", one[1])]
    weights = [weight for weight, _, _ in kinds]
    made = []
    for place in range(first, first + number):
        _, kind, make = chance.choices(kinds, weights)[0]
        made.append(Wish(place, kind, make(chance, f"chaos-{place}")))
    return made
