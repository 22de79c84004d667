"""An AI service that misbehaves by a seed, and remembers what it was asked and how it answered."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fake_openai import answers
from tests.fake_openai.app import Answering, Call, FakeOpenAI
from tests.fake_openai.orders import Order, limited

MARK = re.compile(r"chaos-(\d+)")
"""In the material of each job, so that the service can tell whose request it is."""
STALL_SECONDS = 60.0
"""Longer than any step may take."""
TROUBLE: tuple[tuple[float, Order], ...] = (
    (0.02, Order(stall=STALL_SECONDS)),
    (0.05, Order(cut=3)),
    (0.02, Order(cut=4, quiet_cut=True)),
    (0.03, Order(wrong=True)),
    (0.02, Order(body="<html>It works!</html>")),
    (0.05, Order(status=500)),
    (0.02, Order(status=503)),
    (0.02, limited("0.5")),
    (0.01, limited("1.5")),
    (0.01, Order(stream_error={"message": "The server is overloaded."})),
)
"""How often a call meets what; the rest is answered well, sooner or later."""


@dataclass(frozen=True, slots=True)
class Told:
    """A request of one job, and how it was answered.

    Args:
        job: the number in the job's material.
        body: a hash of what was asked.
        well: whether all of a good answer was sent.
        tokens: in and out, as far as they have to be paid.
    """

    job: int
    body: str
    well: bool
    tokens: tuple[int, int]


class Mischief(FakeOpenAI):
    """The service.

    Args:
        seed: says how the first, second, … request with some body is answered, whenever it comes.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.told: list[Told] = []
        self.statuses: Counter[str] = Counter()
        self._seed = seed
        self._times: Counter[str] = Counter()

    async def _counted(self, call: Call, answer: Answering) -> None:
        asked = call.json()
        order = self._order(_hash(asked))
        self.orders.appendleft(order)  # taken at once, before anybody else can
        sent = False
        try:
            await super()._counted(call, answer)
            sent = True
        finally:
            self._remember(asked, order, sent=sent)

    def _order(self, body: str) -> Order:
        """What happens to the next request with this body."""
        self._times[body] += 1
        chance = Random(f"{self._seed} {body} {self._times[body]}")
        luck = chance.random()
        for share, order in TROUBLE:
            luck -= share
            if luck < 0:
                return order
        return Order(stall=chance.choice((0.0, 0.02, 0.1, 0.4)), drip=chance.choice((0.0, 0.0, 0.03)))

    def _remember(self, asked: dict[str, Any], order: Order, *, sent: bool) -> None:
        well = sent and _is_good(asked, order)
        self.statuses["well" if well else _name(order)] += 1
        is_paid = order.status < 400 and order.stall < STALL_SECONDS
        for text, body, tokens in _parts(asked, order):
            found = MARK.search(text)
            if found:
                self.told.append(Told(int(found[1]), body, well, tokens if is_paid else (0, 0)))


def _parts(asked: dict[str, Any], order: Order) -> list[tuple[str, str, tuple[int, int]]]:
    """The texts that were asked about, each with what to know it by and its tokens."""
    if "input" in asked:  # those of many jobs travel together
        return [(text, text, (len(text), 0)) for text in asked["input"]]
    used = answers.usage_of(asked, answers.text_for(asked, order), order) or {}
    tokens = (used["prompt_tokens"], used["completion_tokens"])
    return [(json.dumps(asked["messages"]), _hash(asked), tokens)]


def _is_good(asked: dict[str, Any], order: Order) -> bool:
    if order.status >= 400 or order.body is not None:
        return False
    if "input" in asked:
        return not order.wrong
    is_lie = order.wrong and answers.schema_of(asked) is not None
    return not (is_lie or order.cut >= 0 or order.stream_error)


def _name(order: Order) -> str:
    if order.status >= 400:
        return str(order.status)
    names = ("quiet_cut", "wrong", "body", "stream_error")
    named = next((name for name in names if getattr(order, name)), "")
    return named or ("cut" if order.cut >= 0 else "stalled" if order.stall >= STALL_SECONDS else "unheard")


def _hash(asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
