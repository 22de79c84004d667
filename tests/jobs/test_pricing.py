"""What tokens cost."""

from __future__ import annotations

import socket
import threading
from decimal import Decimal

import pytest

from jobs.pricing import cost

OPENROUTER = "https://openrouter.ai/api/v1"


def test_it_prices_what_is_in_the_list():
    assert cost("gpt-5-mini", 1_000_000, 1_000_000) == Decimal("2.25")


def test_it_is_exact_to_a_token():
    assert cost("gpt-5-mini", 1, 1) == Decimal("0.00000225")


def test_it_is_rounded_up_to_what_the_tables_keep(settings):
    settings.MODEL_PRICES = {"mine": ("0.0333", "0.1")}
    assert cost("mine", 1, 1) == Decimal("0.00000014")
    assert cost("text-embedding-3-small", 3, 0) == Decimal("0.00000006")


@pytest.mark.parametrize("model", ["my-own-model", "llama3.1:8b", "", "whisper-1"])
def test_an_unknown_price_is_unknown_and_not_zero(model):
    assert cost(model, 1000, 1000) is None


@pytest.mark.parametrize("tokens", [(None, 5), (5, None), (None, None)])
def test_the_price_of_unknown_tokens_is_unknown(tokens):
    assert cost("gpt-5-mini", *tokens) is None


def test_tokens_that_were_read_before_are_cheaper():
    assert cost("gpt-5-mini", 1000, 10, cached=900) < cost("gpt-5-mini", 1000, 10)


def test_it_takes_more_cached_tokens_than_there_are_for_all():
    assert cost("gpt-5-mini", 10, 10, cached=99) == cost("gpt-5-mini", 10, 10, cached=10)


def test_it_knows_who_sells_at_an_address():
    there = cost("openai/gpt-5-mini", 1000, 1000, address=OPENROUTER)
    assert there is not None
    assert cost("openai/gpt-5-mini", 1000, 1000) is None


def test_an_unknown_address_is_taken_for_a_gateway():
    at_gateway = cost("gpt-5-mini", 1000, 1000, address="http://127.0.0.1:9/v1")
    assert at_gateway == cost("gpt-5-mini", 1000, 1000)


def test_prices_of_ones_own_come_first(settings):
    settings.MODEL_PRICES = {"gpt-5-mini": ("1", "2"), "mine": ("0", "0")}
    assert cost("gpt-5-mini", 1_000_000, 500_000) == Decimal(2)
    assert cost("mine", 1000, 1000) == 0


def test_it_asks_no_network_and_starts_no_thread(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("prices come from the package")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    before = threading.active_count()
    assert cost("gpt-4o", 1, 1)
    assert threading.active_count() == before
