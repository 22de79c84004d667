"""Talking to services that understand only a part of the protocol."""

from __future__ import annotations

import asyncio

import pytest

from jobs.errors import ProviderRejected
from jobs.providers.openai.dialect import Dialect, Form
from tests.fake_openai.orders import Order
from tests.jobs.providers.asking import Minutes, asking, request, request_for_minutes

LM_STUDIO = "'response_format.type' must be 'json_schema' or 'text'"
OLLAMA = 'registry/library/llama3 "llama3" does not support thinking'
OPENAI = "Unsupported parameter: 'max_completion_tokens' is not supported with this model."
MISTRAL = "[{'loc': ['body', 'reasoning_effort']}, {'loc': ['body', 'stream_options']}]"


def body(served, number=-1):
    return served.app.seen.requests[number]["body"]


async def test_it_asks_for_the_form_by_a_strict_schema(fake_openai):
    async with asking(fake_openai.url) as provider:
        await provider.ask(request_for_minutes())
    form = body(fake_openai)["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["name"] == "Minutes"
    assert form["json_schema"]["strict"] is True


async def test_it_asks_for_no_form_when_text_is_wanted(fake_openai):
    async with asking(fake_openai.url) as provider:
        await provider.ask(request())
    assert "response_format" not in body(fake_openai)


@pytest.mark.parametrize(
    ("refuse", "calls", "form"), [("json_schema", 2, "json_object"), ("response_format", 3, "")]
)
async def test_it_falls_back_to_simpler_ways_to_ask_for_a_form(fake_openai, refuse, calls, form):
    fake_openai.app.always = Order(refuse=(refuse,))
    async with asking(fake_openai.url) as provider:
        answer = await provider.ask(request_for_minutes())
    assert Minutes.model_validate_json(answer.text)
    assert fake_openai.app.seen.calls == calls
    assert body(fake_openai).get("response_format", {}).get("type", "") == form
    assert '"certainty"' in body(fake_openai)["messages"][0]["content"]


async def test_it_remembers_what_a_service_refuses(fake_openai):
    fake_openai.app.always = Order(refuse=("json_schema", "stream_options", "reasoning_effort"))
    async with asking(fake_openai.url) as provider:
        await provider.ask(request_for_minutes(), print)
        before = fake_openai.app.seen.calls
        await asyncio.gather(*(provider.ask(request_for_minutes(f"{n}"), print) for n in range(5)))
    assert fake_openai.app.seen.calls == before + 5


async def test_it_does_without_all_that_may_be_missing(fake_openai):
    missing = ("response_format", "stream_options", "reasoning_effort", "max_completion_tokens")
    fake_openai.app.always = Order(refuse=missing)
    heard: list[str] = []
    async with asking(fake_openai.url) as provider:
        answer = await provider.ask(request_for_minutes(), heard.append)
    assert Minutes.model_validate_json(answer.text)
    assert answer.usage.tokens_in is None
    assert body(fake_openai)["max_tokens"] == 2048
    assert set(body(fake_openai)) == {"model", "messages", "max_tokens", "stream"}


async def test_it_takes_no_refusal_for_another_reason_as_one_of_a_parameter(fake_openai):
    fake_openai.app.always = Order(status=400, error={"message": "The text is not allowed."})
    async with asking(fake_openai.url) as provider:
        with pytest.raises(ProviderRejected):
            await provider.ask(request_for_minutes())
    assert fake_openai.app.seen.calls == 1


async def test_it_takes_what_is_too_long_as_too_long_whatever_it_names(fake_openai):
    message = "max_completion_tokens is too large. This model's maximum context length is 1024 tokens."
    fake_openai.app.always = Order(status=400, error={"message": message})
    async with asking(fake_openai.url) as provider:
        with pytest.raises(ProviderRejected, match="too long"):
            await provider.ask(request())
    assert fake_openai.app.seen.calls == 1


async def test_it_limits_the_answer(fake_openai):
    async with asking(fake_openai.url) as provider:
        await provider.ask(request(max_output_tokens=77))
    assert body(fake_openai)["max_completion_tokens"] == 77


@pytest.mark.parametrize(
    ("said", "simpler"),
    [
        (LM_STUDIO, Dialect(form=Form.OBJECT)),
        (OLLAMA, Dialect(effort=False)),
        (OPENAI, Dialect(limit="max_tokens")),
        (MISTRAL, Dialect(effort=False, usage=False)),
        ("Something else.", None),
    ],
)
def test_it_understands_refusals_of_services_as_they_are(said, simpler):
    asked = Dialect().parameters(request_for_minutes(), streamed=True)
    assert Dialect().without(asked, said) == simpler


def test_the_simplest_dialect_has_nothing_left_to_drop():
    simplest = Dialect(form=Form.WORDS, limit="max_tokens", effort=False, usage=False)
    asked = simplest.parameters(request_for_minutes(), streamed=True)
    assert simplest.without(asked, f"{LM_STUDIO} {OLLAMA} {OPENAI} {MISTRAL}") is None
