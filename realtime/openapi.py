"""The long-poll in the OpenAPI document: its view is asynchronous, which the document's maker cannot see."""

from __future__ import annotations

from typing import Any

from realtime.api import Query

PATH = "/api/v1/streams/{stream}/events/"
_PROBLEM = {"description": "A problem, as RFC 9457 has it.", "content": {"application/problem+json": {}}}
_ANSWER = {
    "type": "object",
    "required": ["stream", "epoch", "seq"],
    "properties": {
        "stream": {"type": "string"},
        "epoch": {"type": "string"},
        "seq": {"type": "integer", "description": "Where the client stands with this answer."},
        "events": {"type": "array", "items": {"type": "object"}, "description": "The frames of the socket."},
        "snapshot": {"type": "object", "description": "Instead of events, where they cannot be replayed."},
    },
}


def add_streams(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Adds the long-poll to the document: for drf-spectacular's ``POSTPROCESSING_HOOKS``."""
    result["paths"][PATH] = {
        "get": {
            "operationId": "streams_events_list",
            "description": "The events after a position, or a snapshot. Waits for the first if asked to.",
            "tags": ["streams"],
            "parameters": [_parameter("stream", "path", {"type": "string"}), *_of_query()],
            "responses": {
                "200": {
                    "description": "What is new.",
                    "content": {"application/json": {"schema": _ANSWER}},
                },
                **dict.fromkeys(("400", "401", "404", "429"), _PROBLEM),
            },
        }
    }
    return result


def _of_query() -> list[dict[str, Any]]:
    properties = Query.model_json_schema()["properties"]
    return [_parameter(name, "query", _without_null(schema)) for name, schema in properties.items()]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.0 has no type "null"; a parameter that is not required says the same."""
    choices: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return {key: value for key, value in choices[0].items() if key not in ("title", "default")}


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}
