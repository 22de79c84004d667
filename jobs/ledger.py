"""What steps and their attempts used of providers: tokens and money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from jobs.models import Attempt, ProviderCall, Step

Number = TypeVar("Number", int, Decimal)


@dataclass(slots=True)
class Spent:
    """What an attempt used so far. Of numbers, None means unknown, which is not zero."""

    provider: str = ""
    model: str = ""
    tokens_in: int | None = 0
    tokens_out: int | None = 0
    cost_usd: Decimal | None = Decimal(0)
    offline: bool = False

    def add(self, call: ProviderCall) -> None:
        """Counts one more call, as far as it is known what it took. One without an answer that named
        nothing counts for the budgets only."""
        if not call.answer and call.tokens_out is None:
            return
        self.provider, self.model = call.provider, call.model
        self.offline = self.offline or bool(call.answer and call.answer["offline"])
        self.tokens_in = _sum(self.tokens_in, call.tokens_in)
        self.tokens_out = _sum(self.tokens_out, call.tokens_out)
        self.cost_usd = _sum(self.cost_usd, call.cost_usd)


def charge(step: Step, attempt: Attempt, spent: Spent) -> None:
    """Enters ``spent`` as what ``attempt`` used, and adds it to what ``step`` did.

    An attempt that asked no provider leaves both as they are.
    """
    if not spent.provider:
        return
    first = not step.provider
    attempt.tokens_in, attempt.tokens_out, attempt.cost_usd = (
        spent.tokens_in,
        spent.tokens_out,
        spent.cost_usd,
    )
    step.tokens_in = _sum(0 if first else step.tokens_in, spent.tokens_in)
    step.tokens_out = _sum(0 if first else step.tokens_out, spent.tokens_out)
    step.cost_usd = _sum(Decimal(0) if first else step.cost_usd, spent.cost_usd)
    for row in (step, attempt):
        row.provider, row.model = spent.provider, spent.model


def charge_again(step: Step, attempt: Attempt, spent: Spent) -> bool:
    """Enters ``spent`` in the place of what ``attempt`` was charged before; whether that is anything new."""
    before = (attempt.tokens_in, attempt.tokens_out, attempt.cost_usd)
    if not spent.provider or before == (spent.tokens_in, spent.tokens_out, spent.cost_usd):
        return False
    if attempt.provider:
        step.tokens_in = _less(step.tokens_in, attempt.tokens_in)
        step.tokens_out = _less(step.tokens_out, attempt.tokens_out)
        step.cost_usd = _less(step.cost_usd, attempt.cost_usd)
    charge(step, attempt, spent)
    return True


def spent_by(step: Step, attempt: int) -> Spent:
    """What an attempt whose worker died had used, from the calls that it stored."""
    spent = Spent()
    for call in ProviderCall.objects.filter(step=step, attempt=attempt).order_by("id"):
        spent.add(call)
    return spent


def _less(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one - other


def _sum(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one + other
