"""The server itself, as an ASGI application of four addresses."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.fake_openai import answers
from tests.fake_openai.orders import Order, order_of

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answering = Callable[["Call", dict[str, Any], Order], Awaitable[None]]
REMEMBERED = 1000
MODELS = ("gpt-5-mini", "gpt-4o-mini", "fake")


@dataclass(slots=True)
class Seen:
    """What the server has seen: requests (port, headers and body, the last thousand) and how they went."""

    calls: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    answered: int = 0
    disconnects: int = 0
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Hung(Exception):
    """The client has gone, or is to be cut off."""


class FakeOpenAI:
    """The server's state, and the ASGI application.

    Attributes:
        orders: for the next calls, one each.
        always: for all calls after those.
        models: for ``GET /v1/models``.
        seen: what was seen since the last `reset`.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets all orders and all that was seen. Calls that still hang count for nothing."""
        self.orders: deque[Order] = deque()
        self.always = Order()
        self.models = Order()
        self.seen = Seen()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        route = {
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/embeddings"): self._embed,
            ("GET", "/v1/models"): self._models,
            ("GET", "/control"): self._tell,
            ("POST", "/control"): self._obey,
            ("DELETE", "/control"): self._forget,
        }.get((scope["method"], scope["path"]))
        call = Call(scope, receive, send)
        await call.read()
        try:
            if route is None:
                await call.fail(Order(status=404, error={"message": "There is no such address."}))
            else:
                await route(call)
        except Hung:
            pass  # Returning now makes the server close the connection.

    async def _chat(self, call: Call) -> None:
        await self._counted(call, _answer)

    async def _embed(self, call: Call) -> None:
        await self._counted(call, _embed)

    async def _counted(self, call: Call, answer: Answering) -> None:
        asked = call.json()
        order = order_of(self.orders.popleft() if self.orders else self.always, asked.get("model", ""))
        seen = self.seen
        seen.calls += 1
        seen.in_flight += 1
        seen.most_in_flight = max(seen.most_in_flight, seen.in_flight)
        seen.requests.append({"port": call.port, "headers": call.headers(), "body": asked})
        try:
            await answer(call, asked, order)
            seen.answered += 1
        finally:
            seen.in_flight -= 1
            seen.disconnects += call.gone.is_set()

    async def _models(self, call: Call) -> None:
        await call.pause(self.models.stall)
        if self.models.status >= 400:
            await call.fail(self.models)
            return
        await call.whole({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    async def _tell(self, call: Call) -> None:
        seen = asdict(self.seen)
        await call.whole({**seen, "requests": list(seen["requests"])})

    async def _obey(self, call: Call) -> None:
        told = call.json()
        self.orders.extend(Order(**one) for one in told.get("orders", ()))
        if "always" in told:
            self.always = Order(**told["always"])
        await call.whole({})

    async def _forget(self, call: Call) -> None:
        self.reset()
        await call.whole({})


class Call:
    """One HTTP request and the answer to it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.gone = asyncio.Event()
        self.body = b""
        self.port: int = scope["client"][1]
        self._scope = scope
        self._receive = receive
        self._send = send

    async def read(self) -> None:
        """Reads the body."""
        more = True
        while more:
            message = await self._receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)

    def json(self) -> dict[str, Any]:
        """The body."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    def headers(self) -> dict[str, str]:
        """The request's headers, names in lower case."""
        return {name.decode(): value.decode() for name, value in self._scope["headers"]}

    async def pause(self, seconds: float) -> None:
        """Waits, unless the client goes; then raises `Hung`."""
        if seconds <= 0:
            return
        leaving = asyncio.ensure_future(self._receive())
        done, _ = await asyncio.wait([leaving], timeout=seconds)
        leaving.cancel()
        if done and leaving.result()["type"] == "http.disconnect":
            self.gone.set()
            raise Hung

    async def start(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        """Sends the head of the answer."""
        all_headers = {"content-type": kind, **headers}
        raw = [(name.encode(), value.encode()) for name, value in all_headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def part(self, body: bytes, *, more: bool = True) -> None:
        """Sends a part of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def whole(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Sends an answer; a string goes out as it is, all else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        raw = text.encode()
        await self.start(status, "application/json", {"content-length": str(len(raw)), **(headers or {})})
        await self.part(raw, more=False)

    async def fail(self, order: Order) -> None:
        """Sends the error of an order."""
        error = {"message": f"The fake service answers {order.status}.", "type": "error", **order.error}
        await self.whole({"error": error}, order.status, order.headers)


async def _answer(call: Call, asked: dict[str, Any], order: Order) -> None:
    await call.pause(order.stall)
    refused = _refused(asked, order)
    if refused:
        error = {"message": f"Unsupported parameter: '{refused}' is not supported.", "param": refused}
        await call.fail(Order(status=400, error=error))
    elif order.status >= 400:
        await call.fail(order)
    elif order.body is not None:
        await call.whole(order.body, headers=order.headers)
    elif asked.get("stream"):
        await _stream(call, asked, order)
    else:
        await _whole(call, asked, order)


async def _embed(call: Call, asked: dict[str, Any], order: Order) -> None:
    await call.pause(order.stall)
    if order.status >= 400:
        await call.fail(order)
    elif order.body is not None:
        await call.whole(order.body, headers=order.headers)
    else:
        await call.whole(answers.embeddings(asked, order), headers=order.headers)


def _refused(asked: dict[str, Any], order: Order) -> str:
    """The first of what an order refuses that is in the request; "" for none."""
    form = (asked.get("response_format") or {}).get("type")
    return next((name for name in order.refuse if name in asked or name == form), "")


async def _whole(call: Call, asked: dict[str, Any], order: Order) -> None:
    body = answers.whole(asked, answers.text_for(asked, order), order)
    if order.cut < 0:
        await call.whole(body, headers=order.headers)
        return
    raw = json.dumps(body).encode()
    await call.start(200, "application/json", {"content-length": str(len(raw))})
    await call.part(raw[: len(raw) // 2])
    raise Hung


async def _stream(call: Call, asked: dict[str, Any], order: Order) -> None:
    await call.start(200, "text/event-stream", order.headers)
    for number, piece in enumerate(answers.pieces(asked, answers.text_for(asked, order), order)):
        if number == order.cut:
            await _cut(call, order)
            return
        if number == 2 and order.stream_error is not None:
            await call.part(_event({"error": order.stream_error}), more=False)
            return
        await call.pause(order.drip)
        await call.part(_event(piece))
    await call.part(b"data: [DONE]\n\n", more=False)


async def _cut(call: Call, order: Order) -> None:
    if not order.quiet_cut:
        raise Hung
    await call.part(b"", more=False)


def _event(data: Any) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
