"""The long-poll in the OpenAPI document; it is no DRF view, so it does not describe itself."""

from __future__ import annotations

from typing import Any

PATH = "/api/v1/streams/{stream}/events/"
STRING: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}


def describe_streams(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Adds the long-poll to the document. Set as a postprocessing hook of drf-spectacular."""
    result["paths"][PATH] = {"get": _OPERATION}
    return result


def _parameter(name: str, schema: dict[str, Any], description: str, where: str = "query") -> dict[str, Any]:
    needed = {"required": True} if where == "path" else {}
    return {"in": where, "name": name, "schema": schema, "description": description, **needed}


_PROBLEM = {
    "description": "",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemGiven"}}},
}
_PLACE = {"stream": STRING, "epoch": STRING, "seq": NUMBER}
_EVENT = {
    "type": "object",
    "properties": {
        "type": {"const": "event"},
        **_PLACE,
        "id": STRING,
        "name": {"type": "string", "examples": ["job.completed"]},
        "at": {"type": "string", "format": "date-time"},
        "data": {"type": "object", "additionalProperties": True},
    },
}
_ANSWER = {
    "type": "object",
    "required": ["stream", "epoch", "seq"],
    "properties": {
        **_PLACE,
        "events": {"type": "array", "items": _EVENT},
        "snapshot": {"type": "object", "additionalProperties": True},
    },
}
_OPERATION = {
    "operationId": "streams_events",
    "description": "The events of a stream after a position, oldest first; or a snapshot, when there is no "
    "position or its events are gone. `seq` is the position to go on from.",
    "parameters": [
        _parameter("stream", STRING, "`user` for your own, or a stream's full name.", "path"),
        _parameter("epoch", STRING, "The stream's life, from the last answer."),
        _parameter("since", NUMBER, "The last `seq` that you have."),
        _parameter("wait", {"type": "number", "maximum": 30}, "Seconds to wait for the next event."),
        _parameter("limit", {"type": "integer", "minimum": 1}, "How many events to get at most."),
    ],
    "tags": ["streams"],
    "security": [{"apiKey": []}, {"cookieAuth": []}],
    "responses": {
        "200": {"description": "", "content": {"application/json": {"schema": _ANSWER}}},
        **dict.fromkeys(("400", "401", "404", "429"), _PROBLEM),
    },
}
