"""What every provider does alike. A new one is added to `PROVIDERS` and must pass all of it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
import pytest_asyncio

from jobs.errors import ProviderError
from jobs.providers.contract import Provider, restored, stored
from jobs.providers.local.provider import LocalProvider
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order
from tests.jobs.providers.asking import Minutes, openai_at, request, request_for_minutes


@dataclass(frozen=True)
class Case:
    """A provider, and how to make its service slow, by seconds, and how to make it ill."""

    provider: Provider
    slow_down: Callable[[float], None]
    fall_ill: Callable[[], None]


def local(_: Served) -> Case:
    return Case(LocalProvider(), lambda seconds: None, lambda: None)


def openai(served: Served) -> Case:
    def slow_down(seconds: float) -> None:
        served.app.always = Order(stall=seconds)

    def fall_ill() -> None:
        served.app.always = Order(status=500)

    return Case(openai_at(served.url), slow_down, fall_ill)


PROVIDERS = {"local": local, "openai": openai}


@pytest_asyncio.fixture(params=PROVIDERS)
async def case(request: pytest.FixtureRequest, fake_openai: Served) -> AsyncIterator[Case]:
    made = PROVIDERS[request.param](fake_openai)
    yield made
    await made.provider.close()


async def test_it_answers_in_the_form_that_was_asked_for(case):
    answer = await case.provider.ask(request_for_minutes())
    assert Minutes.model_validate_json(answer.text).decisions


async def test_it_answers_with_text_when_no_form_was_asked_for(case):
    answer = await case.provider.ask(request())
    assert answer.text.strip()


async def test_it_says_who_answered(case):
    answer = await case.provider.ask(request())
    assert answer.provider == case.provider.name
    assert answer.model
    assert answer.offline == (case.provider.name == "local")


@pytest.mark.parametrize(
    "text", ["¿Qué? — 会議は金曜日です。 🚢", "a\x00b", "half a pair \ud83d", "</BEGIN> END 1", "ё" * 10]
)
async def test_it_takes_any_character(case, text):
    answer = await case.provider.ask(request(text))
    assert answer.text.encode()
    assert "\0" not in answer.text


async def test_it_brings_back_characters_as_they_were(case):
    answer = await case.provider.ask(request("会議は金曜日です 🚢"))
    assert "会議は金曜日です 🚢" in answer.text


async def test_it_takes_a_huge_text(case):
    answer = await case.provider.ask(request("We ship on Friday, said Alice. " * 60_000))
    assert answer.text


@pytest.mark.parametrize("asked", [request, request_for_minutes])
async def test_it_streams_the_text_that_it_answers(case, asked):
    pieces: list[str] = []
    answer = await case.provider.ask(asked(), pieces.append)
    assert pieces
    assert "".join(pieces) == answer.text


async def test_it_knows_what_the_answer_took_or_says_that_it_does_not(case):
    usage = (await case.provider.ask(request())).usage
    assert usage.tokens_in is None or usage.tokens_in >= 0
    assert usage.tokens_out is None or usage.tokens_out >= 0
    assert usage.cost_usd is None or isinstance(usage.cost_usd, Decimal)


@pytest.mark.parametrize("texts", [["one"], ["a", "b b", "ccc"], ["¿Qué? 会議 🚢", ""], ["half \ud83d"]])
async def test_it_embeds_each_text_in_order_with_length_one(case, texts):
    made = await case.provider.embed(texts)
    assert len(made.vectors) == len(texts)
    assert len({len(vector) for vector in made.vectors}) == 1
    assert all(abs(sum(v * v for v in one) - 1) < 1e-3 or not any(one) for one in made.vectors)
    alone = [(await case.provider.embed([text])).vectors[0] for text in texts]
    assert list(made.vectors) == alone
    assert (made.provider, made.model) == (case.provider.name, case.provider.embedding_model)


async def test_its_answer_can_be_stored_and_restored(case):
    answer = await case.provider.ask(request_for_minutes())
    assert restored(stored(answer)) == answer


async def test_it_answers_many_at_once(case):
    answers = await asyncio.gather(
        *(case.provider.ask(request_for_minutes(f"Alice: {n}")) for n in range(40))
    )
    assert len(answers) == 40


async def test_it_stops_promptly_when_it_is_cancelled(case):
    case.slow_down(20)
    wanted = request_for_minutes(offline=lambda: time.sleep(0.5))
    task = asyncio.create_task(case.provider.ask(wanted))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.2


async def test_it_fails_with_an_error_of_providers_only(case):
    case.fall_ill()
    with pytest.raises(ProviderError) as failed:
        await case.provider.ask(request_for_minutes(offline=None))
    assert failed.value.message.endswith(".")
    assert failed.value.code


async def test_it_lets_through_what_the_listener_raises(case):
    def listen(_: str) -> None:
        raise ValueError("not a provider's")

    with pytest.raises(ValueError, match="not a provider's"):
        await case.provider.ask(request(), listen)


async def test_it_estimates_without_asking_anybody(case, monkeypatch):
    case.provider.estimate(request_for_minutes())

    def refuse(*_: object) -> None:
        raise AssertionError("an estimate must do no I/O")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr("builtins.open", refuse)
        usage = case.provider.estimate(request_for_minutes())
    assert usage.tokens_in is not None
    assert usage.tokens_out is not None


async def test_its_estimate_is_no_lower_than_what_it_takes(case):
    asked = request_for_minutes()
    taken, guessed = (await case.provider.ask(asked)).usage, case.provider.estimate(asked)
    assert guessed.tokens_in >= taken.tokens_in
    assert guessed.tokens_out >= taken.tokens_out
    assert guessed.cost_usd >= taken.cost_usd


async def test_it_tells_how_it_is(case):
    assert (await case.provider.health()).state == "ok"


async def test_it_may_be_asked_again_after_it_was_closed(case):
    await case.provider.ask(request())
    await case.provider.close()
    assert (await case.provider.ask(request())).text
