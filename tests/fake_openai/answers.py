"""The bodies of chat completions, whole and in pieces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.fake_openai.filler import filled
from tests.fake_openai.orders import Order

FENCE = re.compile(r"^BEGIN (\w+)\n(.*)\nEND \1$", re.DOTALL)


def text_for(asked: dict[str, Any], order: Order) -> str:
    """The text of the answer to a request."""
    if order.reply is not None:
        return order.reply
    schema = schema_of(asked)
    material = material_of(asked)
    if schema is None:
        return f"The fake service has read {len(material)} characters, which begin with: {material[:80]}"
    return json.dumps({"wrong": True} if order.wrong else filled(schema, material), ensure_ascii=False)


def schema_of(asked: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON Schema that is asked for, as a parameter or in the instructions."""
    form = asked.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema: dict[str, Any] = form["json_schema"]["schema"]
        return schema
    return _first_schema(_content(asked, "system"))


def material_of(asked: dict[str, Any]) -> str:
    """What the user's message holds, without its fence."""
    content = _content(asked, "user")
    fenced = FENCE.match(content)
    return fenced.group(2) if fenced else content


def whole(asked: dict[str, Any], text: str, order: Order) -> dict[str, Any]:
    """A completion."""
    message = {"role": "assistant", "content": None if order.refusal else text}
    if order.refusal:
        message["refusal"] = order.refusal
    choice = {"index": 0, "message": message, "finish_reason": order.finish, "logprobs": None}
    return {**_head(asked, "chat.completion"), "choices": [choice], "usage": usage_of(asked, text, order)}


def embeddings(asked: dict[str, Any], order: Order) -> dict[str, Any]:
    """A vector for each text, which tells its length; the last text's first, as the protocol allows. A wrong
    one leaves out a text."""
    texts = asked["input"][1:] if order.wrong else asked["input"]
    data = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0, 0.0]}
        for index, text in enumerate(texts)
    ]
    tokens = sum(map(len, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens} if order.usage else {}
    return {"object": "list", "model": asked["model"], "data": data[::-1], "usage": usage}


def pieces(asked: dict[str, Any], text: str, order: Order) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed completion: who speaks, text, why it ends, and what was used."""
    yield _chunk(asked, {"role": "assistant", "content": ""})
    if order.refusal:
        yield _chunk(asked, {"refusal": order.refusal})
    else:
        yield from (_chunk(asked, {"content": part}) for part in _split(text, order.pieces))
    yield _chunk(asked, {}, order.finish)
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {**_head(asked, "chat.completion.chunk"), "choices": [], "usage": usage_of(asked, text, order)}


def _chunk(asked: dict[str, Any], delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_head(asked, "chat.completion.chunk"), "choices": [choice]}


def _split(text: str, count: int) -> list[str]:
    size = max(1, -(-len(text) // count))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _head(asked: dict[str, Any], what: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": what, "created": 1795000000, "model": asked.get("model", "")}


def usage_of(asked: dict[str, Any], text: str, order: Order) -> dict[str, int] | None:
    """What a completion took; None when the order is not to say."""
    if not order.usage:
        return None
    size = sum(len(message["content"]) for message in asked["messages"])
    tokens_in, tokens_out = max(1, size // 4), max(1, len(text) // 4)
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def _content(asked: dict[str, Any], role: str) -> str:
    return "\n".join(message["content"] for message in asked["messages"] if message["role"] == role)


def _first_schema(text: str) -> dict[str, Any] | None:
    decoder = json.JSONDecoder()
    for found in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except ValueError:
            continue
        if isinstance(value, dict) and "properties" in value:
            return value
    return None
