"""What the peers' servers share: publishing at a steady rate from inside, on an HTTP request.

Inside is generous to them: no other process, no log, nothing survives.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from tests.bench.publish_events import payload

Publish = Callable[[str, dict[str, Any]], Awaitable[None]]
_running: set[asyncio.Task[None]] = set()


async def pace(publish: Publish, order: dict[str, Any]) -> None:
    """Publishes to one of ``order["people"]`` users, or to everybody, so many times a second."""
    chosen = random.Random(7)
    begun = time.monotonic()
    for number in range(int(order["rate"] * order["seconds"])):
        await asyncio.sleep(max(0.0, begun + number / order["rate"] - time.monotonic()))
        people = order["people"]
        await publish(f"user-{chosen.randrange(people)}" if people else "system", payload(number))


def http(publish: Publish) -> Any:
    """An ASGI application that starts publishing what the query string orders."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        query = unquote(scope["query_string"].decode())
        if query:
            task = asyncio.get_running_loop().create_task(pace(publish, json.loads(query)))
            _running.add(task)
            task.add_done_callback(_running.discard)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    return application
