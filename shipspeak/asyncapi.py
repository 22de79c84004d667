"""The AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.0.0) of ``/ws/``.

It is made from the types by which the frames are read and written, so it says what they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from realtime import protocol
from shipspeak.socket_news import EVENTS, SIGNALS

VERSION = "3.0.0"
SCHEMAS = "#/components/schemas/"
FROM_CLIENT: tuple[type[BaseModel], ...] = (
    protocol.Hello,
    protocol.Subscribe,
    protocol.Unsubscribe,
    protocol.Command,
    protocol.Ack,
    protocol.Ping,
)
FROM_SERVER: tuple[type[BaseModel], ...] = (
    protocol.Welcome,
    protocol.Snapshot,
    protocol.Done,
    protocol.NotDone,
    protocol.Lagging,
    protocol.Pong,
    protocol.ErrorFrame,
    protocol.GoingAway,
)
"""Those besides events and signals, of which there is a message for each name."""


@require_safe
def asyncapi(request: HttpRequest) -> JsonResponse:
    """The document, for this site."""
    return JsonResponse(document(request.get_host(), is_secure=request.is_secure()))


def document(host: str, *, is_secure: bool) -> dict[str, Any]:
    """The document of the site at ``host``."""
    schemas = _schemas()
    messages = dict(_messages())
    ours = [name for name in messages if name not in {_name(frame) for frame in FROM_CLIENT}]
    theirs = [name for name in messages if name not in ours]
    return {
        "asyncapi": VERSION,
        "info": {
            "title": settings.SPECTACULAR_SETTINGS["TITLE"],
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "description": "Durable events and fleeting signals of jobs, over a WebSocket with the "
            f"subprotocol `{protocol.SUBPROTOCOL}`. What a client does with each, and after which close it "
            "comes back: docs/realtime-protocol.md.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "site": {
                "host": host,
                "protocol": "wss" if is_secure else "ws",
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
            }
        },
        "channels": {
            "socket": {
                "address": "/ws/",
                "description": "The client says hello first, within ten seconds.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _QUERY}},
            }
        },
        "operations": {
            "receive": _operation("receive", "What a client says.", theirs),
            "send": _operation("send", "What a client hears.", ours),
        },
        "components": {"messages": messages, "schemas": schemas, "securitySchemes": _SECURITY},
    }


def _operation(action: str, summary: str, names: list[str]) -> dict[str, Any]:
    messages = [{"$ref": f"#/channels/socket/messages/{name}"} for name in names]
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": messages,
    }


def _messages() -> Iterator[tuple[str, dict[str, Any]]]:
    for frame in (*FROM_CLIENT, *FROM_SERVER):
        yield _name(frame), _message(_name(frame), _summary(frame), {"$ref": SCHEMAS + frame.__name__})
    for frame, news in ((protocol.EventFrame, EVENTS), (protocol.SignalFrame, SIGNALS)):
        for name, told in news.items():
            yield name, _message(name, _summary(told), _news(frame, name, told))


def _message(name: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "summary": summary, "contentType": "application/json", "payload": payload}


def _news(frame: type[BaseModel], name: str, told: type[BaseModel]) -> dict[str, Any]:
    """The frame, with this name and this data."""
    narrower = {"name": {"const": name}, "data": {"$ref": SCHEMAS + told.__name__}}
    return {"allOf": [{"$ref": SCHEMAS + frame.__name__}, {"type": "object", "properties": narrower}]}


def _schemas() -> dict[str, Any]:
    """The schema of every frame, of the data of events and signals, and of their parts."""
    read = [(one, "validation") for one in FROM_CLIENT]
    written = [
        (one, "serialization")
        for one in (
            *FROM_SERVER,
            protocol.EventFrame,
            protocol.SignalFrame,
            *EVENTS.values(),
            *SIGNALS.values(),
        )
    ]
    _, found = models_json_schema([*read, *dict.fromkeys(written)], ref_template=SCHEMAS + "{model}")  # type: ignore[list-item]
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _name(frame: type[BaseModel]) -> str:
    """What the frame's message is called: its type, and for a reply which of the two it is."""
    names: Mapping[type[BaseModel], str] = {protocol.Done: "reply.done", protocol.NotDone: "reply.refused"}
    return names.get(frame) or str(frame.model_fields["type"].annotation.__args__[0])  # type: ignore[union-attr]


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]


_QUERY = {
    "type": "object",
    "properties": {"ticket": {"type": "string", "description": "From `POST /api/v1/ws-ticket/`; good once."}},
}
_SECURITY = {
    "session": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A cookie, from a page of this site.",
    },
    "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket", "description": "For one socket."},
    "token": {
        "type": "userPassword",
        "description": "An API key or an access token, as `token` of `hello`.",
    },
}
