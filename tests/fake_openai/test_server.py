"""The server is told what to do in three ways, and tells what it saw."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.fake_openai.fixtures import Served, fake_openai, fake_server
from tests.fake_openai.orders import Order, order_of
from tests.fake_openai.process import running

__all__ = ["fake_openai", "fake_server"]


def call(url: str, method: str = "GET", body: Any = None) -> Any:
    """One HTTP request, with JSON both ways."""
    asked = Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    with urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def ask(url: str, model: str = "fake") -> Any:
    """A chat completion."""
    messages = [{"role": "user", "content": "hello"}]
    return call(f"{url}/chat/completions", "POST", {"model": model, "messages": messages})


@pytest.fixture(scope="module")
def process() -> Iterator[str]:
    with running() as url:
        yield url


def test_it_answers_well_if_nothing_else_is_said(fake_openai: Served):
    answer = ask(fake_openai.url)
    assert "hello" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["total_tokens"] > 0


def test_it_obeys_what_was_queued_and_then_what_holds_for_all(fake_openai: Served):
    fake_openai.order(Order(reply="one"), Order(reply="two"))
    fake_openai.app.always = Order(reply="all")
    said = [ask(fake_openai.url)["choices"][0]["message"]["content"] for _ in range(4)]
    assert said == ["one", "two", "all", "all"]


@pytest.mark.parametrize(
    ("model", "order"),
    [
        ("gpt-5-mini", Order()),
        ("stall-0.5", Order(stall=0.5)),
        ("status-503", Order(status=503)),
        ("drip-0.1+cut-3", Order(drip=0.1, cut=3)),
        ("refuse-json_schema", Order(refuse=("json_schema",))),
    ],
)
def test_it_reads_orders_in_the_name_of_the_model(model, order):
    assert order_of(Order(), model) == order


def test_it_runs_as_a_process_and_is_controlled_over_http(process: str):
    control = process.removesuffix("/v1") + "/control"
    call(control, "DELETE")
    call(control, "POST", {"orders": [{"status": 500}], "always": {"reply": "at your service"}})
    with pytest.raises(HTTPError, match="500") as failed:
        ask(process)
    failed.value.close()
    assert ask(process)["choices"][0]["message"]["content"] == "at your service"
    seen = call(control)
    assert (seen["calls"], seen["in_flight"]) == (2, 0)
    assert seen["requests"][1]["body"]["model"] == "fake"


def test_it_stalls(process: str):
    began = time.monotonic()
    ask(process, "stall-0.2")
    assert time.monotonic() - began > 0.2


def test_it_lists_models(process: str):
    assert "fake" in [model["id"] for model in call(f"{process}/models")["data"]]
