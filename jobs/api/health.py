"""How the parts are that jobs depend on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer  # type: ignore[import-untyped]
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.brokers import get_broker

from jobs import queue
from jobs.presentation import moment
from jobs.providers import chain
from jobs.providers.contract import Provider

State = Literal["ok", "degraded", "down"]
Look = Callable[[], "Component"]

FRESH_SECONDS = 15
"""How long what a provider said of itself is told again. It may be a paid service's rate limit."""
PROVIDER_SECONDS = 3.0
"""How long a provider may take to say how it is."""
REMEMBERED_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Component:
    """How a part is: its state, what was found in words, and how long it took to answer."""

    state: State
    detail: str
    latency_ms: float | None = None


def report() -> dict[str, Any]:
    """All parts, and the state of the whole."""
    found = {name: look() for name, look in PARTS.items()}
    found |= _providers()
    return {
        "state": _whole(found),
        "components": {name: _told(name, component) for name, component in found.items()},
    }


def _database() -> Component:
    began = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Component("down", f"It does not answer ({type(error).__name__}).")
    return Component("ok", f"{connection.display_name} answers.", _since(began))


def _broker() -> Component:
    began = time.perf_counter()
    try:
        waiting = get_broker().queue_size()
    except (DatabaseError, OSError) as error:
        return Component("down", f"It does not answer ({type(error).__name__}).")
    return Component("ok", f"{waiting} messages wait.", _since(began))


def _channel_layer() -> Component:
    """Sends a message to nobody, which a layer that can't be reached refuses."""
    from redis.exceptions import RedisError  # 80 ms, which only those who ask need to pay

    began, layer = time.perf_counter(), get_channel_layer()
    try:
        async_to_sync(layer.group_send)("shipspeak.status", {"type": "status.probe"})
    except (OSError, RedisError) as error:
        return Component("down", f"It does not answer ({type(error).__name__}).")
    return Component("ok", f"{type(layer).__name__} takes messages.", _since(began))


def _workers() -> Component:
    try:
        alive = queue.live_workers()
    except DatabaseError as error:
        return Component("down", f"The database does not answer ({type(error).__name__}).")
    if not alive:
        return Component("down", "None is alive; jobs wait until one is.")
    return Component("ok", f"{alive} alive.")


PARTS: Mapping[str, Look] = {
    "database": _database,
    "broker": _broker,
    "channel_layer": _channel_layer,
    "workers": _workers,
}


def _providers() -> dict[str, Component]:
    """What the providers said at most `FRESH_SECONDS` ago. One request asks them, others take the last."""
    known: dict[str, Component] | None = cache.get("status.providers")
    is_fresh = known is not None and not cache.add("status.providers.asked", 1, FRESH_SECONDS)
    if known is not None and is_fresh:
        return known
    found = asyncio.run(_ask_providers())
    cache.set("status.providers", found, REMEMBERED_SECONDS)
    cache.set("status.providers.asked", 1, FRESH_SECONDS)
    return found


async def _ask_providers() -> dict[str, Component]:
    try:
        providers = chain.providers()
    except ImproperlyConfigured as error:
        return {"provider:none": Component("down", str(error))}
    try:
        found = await asyncio.gather(*(_ask(provider) for provider in providers))
    finally:
        await chain.close()
    names = [f"provider:{provider.name}" for provider in providers]
    return dict(zip(names, found, strict=True))


async def _ask(provider: Provider) -> Component:
    try:
        health = await asyncio.wait_for(provider.health(), PROVIDER_SECONDS)
    except TimeoutError:
        return Component("down", f"No answer within {PROVIDER_SECONDS:g} s.")
    state: State = "ok" if health.state == "ok" else "degraded" if health.state == "degraded" else "down"
    return Component(state, health.detail or "It answers.", health.latency_ms)


def _whole(found: Mapping[str, Component]) -> State:
    """Down when jobs can't be taken or worked on; degraded when anything is not as it should be."""
    providers = [one.state for name, one in found.items() if name.startswith("provider:")]
    needed = [found[name].state for name in ("database", "broker", "workers")]
    if "down" in needed or all(state == "down" for state in providers):
        return "down"
    return "ok" if all(one.state == "ok" for one in found.values()) else "degraded"


def _told(name: str, component: Component) -> dict[str, Any]:
    """The component with the time since when it has been so, as far as this process knows."""
    key, now = f"status.since.{name}", moment(timezone.now())
    state, since = cache.get(key, (None, None))
    if state != component.state:
        state, since = component.state, now
        cache.set(key, (state, since), REMEMBERED_SECONDS)
    return {**asdict(component), "since": since}


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 2)
