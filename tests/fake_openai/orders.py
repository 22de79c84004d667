"""What the server does to a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """How one call is answered; well, if nothing is said.

    Args:
        stall: seconds before anything is sent.
        drip: seconds before each piece of the stream.
        pieces: how many pieces the text is streamed in.
        cut: after how many pieces the connection is cut; -1: never. A whole answer is cut in its middle.
        quiet_cut: whether a cut stream ends as if nothing was wrong, but for what is missing.
        status: of the answer; from 400 with an error as its body.
        error: fields of that error: message, type, code, param.
        headers: further headers.
        body: the whole body, word for word.
        reply: the answer's text, word for word.
        wrong: whether a structured answer fits no schema.
        refuse: parameters that are refused with a 400, or ``json_schema`` for that form alone.
        finish: the reason why the answer ended.
        refusal: what the model says instead of answering.
        usage: whether the server says what was used.
        stream_error: an error in the middle of the stream.
    """

    stall: float = 0.0
    drip: float = 0.0
    pieces: int = 8
    cut: int = -1
    quiet_cut: bool = False
    status: int = 200
    error: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    reply: str | None = None
    wrong: bool = False
    refuse: tuple[str, ...] = ()
    finish: str = "stop"
    refusal: str = ""
    usage: bool = True
    stream_error: Mapping[str, Any] | None = None


def limited(seconds: str = "2") -> Order:
    """429, and when to come back."""
    error = {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}
    return Order(status=429, error=error, headers={"retry-after": seconds})


def out_of_credit() -> Order:
    """429 for good, until somebody pays."""
    error = {"message": "You exceeded your current quota.", "code": "insufficient_quota"}
    return Order(status=429, error={**error, "type": "insufficient_quota"})


WORDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "stall": lambda given: {"stall": float(given)},
    "drip": lambda given: {"drip": float(given)},
    "cut": lambda given: {"cut": int(given)},
    "status": lambda given: {"status": int(given)},
    "limit": lambda given: _fields(limited(given)),
    "quota": lambda _: _fields(out_of_credit()),
    "nonsense": lambda _: {"body": "<html>It works!</html>"},
    "wrong": lambda _: {"wrong": True},
    "refuse": lambda given: {"refuse": (given,)},
}
"""Orders in a model's name: the word, a dash, what it takes; several joined by ``+``."""


def named(model: str) -> dict[str, Any]:
    """The fields of the order in a model's name; none in that of an ordinary model."""
    fields: dict[str, Any] = {}
    for part in model.split("+"):
        word, _, given = part.partition("-")
        if word in WORDS:
            fields |= WORDS[word](given)
    return fields


def order_of(order: Order, model: str) -> Order:
    """``order``, with what the model's name adds."""
    return replace(order, **named(model))


def _fields(order: Order) -> dict[str, Any]:
    return {"status": order.status, "error": order.error, "headers": order.headers}
