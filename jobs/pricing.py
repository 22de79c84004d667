"""What tokens cost, from a price list that comes with its package. No network; unknown is None, not 0."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_UP, Decimal
from functools import lru_cache

from django.conf import settings
from genai_prices import Usage, calc_price
from genai_prices.types import PriceCalculation

Price = Callable[[Usage, str], PriceCalculation]
LIST = "openai"
"""Whose prices count at an address that the price list does not know: that of a gateway, mostly."""
MILLION = Decimal(1_000_000)
SMALLEST_USD = Decimal("0.00000001")
"""What the tables keep; so that events, which are told before, say the same."""


def cost(
    model: str, tokens_in: int | None, tokens_out: int | None, *, cached: int = 0, address: str = ""
) -> Decimal | None:
    """USD for an answer, rounded up to `SMALLEST_USD`; None when the price or the tokens are unknown.

    `settings.MODEL_PRICES` comes first: USD per million tokens in and out, by model, such as
    ``{"my-model": (Decimal("0.15"), Decimal("0.60"))}``.

    Args:
        model: its name at the provider.
        tokens_in: tokens of the request.
        tokens_out: tokens of the answer.
        cached: how many of ``tokens_in`` the provider had read before, which are cheaper.
        address: base URL of the provider. Some sell the same model at other prices.
    """
    if tokens_in is None or tokens_out is None:
        return None
    own = settings.MODEL_PRICES.get(model)
    if own is not None:
        per_in, per_out = own
        return _rounded((tokens_in * Decimal(per_in) + tokens_out * Decimal(per_out)) / MILLION)
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out, cache_read_tokens=min(cached, tokens_in))
    listed = _listed(usage, model, address)
    return listed and _rounded(listed)


def _rounded(usd: Decimal) -> Decimal:
    return usd.quantize(SMALLEST_USD, ROUND_UP)


def _listed(usage: Usage, model: str, address: str) -> Decimal | None:
    price = _price_in_list(model, address)
    # A zero in the list means that it counts something else than tokens, such as minutes of whisper-1.
    return price(usage, model).total_price or None if price else None


@lru_cache(maxsize=256)
def _price_in_list(model: str, address: str) -> Price | None:
    """How to find ``model`` in the list. The list forgets what it lacks: 0.5 ms for each search again."""
    ways: list[Price] = [lambda usage, name: calc_price(usage, name, provider_id=LIST)]
    if address:
        ways.insert(0, lambda usage, name: calc_price(usage, name, provider_api_url=address))
    for way in ways:
        try:
            way(Usage(), model)
        except LookupError:
            continue
        return way
    return None
