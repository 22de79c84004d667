"""A pydantic model as the JSON Schema subset that strict structured output takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import openai
from pydantic import BaseModel

REFUSED = ("default", "examples", "minLength", "maxLength", "uniqueItems", "minProperties", "maxProperties")
"""Keywords that strict mode refuses. Pydantic checks what they say when the answer comes."""


@cache
def strict(model: type[BaseModel]) -> dict[str, Any]:
    """The ``json_schema`` part of a ``response_format`` that asks for ``model``.

    A model with a field of free keys (``dict[str, …]``) has no strict form; it is sent as a wish.
    See "Supported schemas" in OpenAI's guide to structured outputs.
    """
    schema = _plain(openai.pydantic_function_tool(model)["function"]["parameters"])
    return {"name": model.__name__[:64], "strict": not _has_free_keys(schema), "schema": schema}


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _plain(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _plain(value)
        for key, value in schema.items()
        if key not in REFUSED
    }


def _has_free_keys(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(_has_free_keys, schema))
    if not isinstance(schema, dict):
        return False
    free = schema.get("type") == "object" and schema.get("additionalProperties") is not False
    return free or any(map(_has_free_keys, schema.values()))
