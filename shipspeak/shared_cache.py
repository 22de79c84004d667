"""A cache in Redis that can be done without: while Redis is away, each process remembers for itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

AWAY_SECONDS = 2.0
"""So long Redis is left alone after it did not answer, lest every request waits for it."""

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class SharedCache(BaseCache):
    """Django's cache in Redis, with one in this process's memory for the time that Redis is away.

    What is kept here may be lost at any time, and is: counts of requests and of wrong passwords, and what
    health checks found. So nobody needs to be refused for it; a limit is kept by each process alone until
    Redis is back.

    Args:
        server: the address of Redis.
        params: as for every cache of Django's.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._shared = RedisCache(server, params)
        self._own = LocMemCache("shared-cache", params)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """As `BaseCache.add`."""
        return self._asked(BaseCache.add, *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """As `BaseCache.get`."""
        return self._asked(BaseCache.get, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        """As `BaseCache.set`."""
        self._asked(BaseCache.set, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        """As `BaseCache.touch`."""
        return self._asked(BaseCache.touch, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """As `BaseCache.delete`."""
        return self._asked(BaseCache.delete, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> int:
        """As `BaseCache.incr`."""
        return self._asked(BaseCache.incr, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        """As `BaseCache.has_key`."""
        return self._asked(BaseCache.has_key, *args, **kwargs)

    def clear(self) -> None:
        """As `BaseCache.clear`."""
        self._asked(BaseCache.clear)

    def _asked(self, what: Callable[Concatenate[Any, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What Redis says, or this process's memory if it says nothing."""
        if not _absence.lasts:
            try:
                found: T = getattr(self._shared, what.__name__)(*args, **kwargs)
            except (RedisError, OSError) as error:
                _absence.begin(error)
            else:
                _absence.end()
                return found
        own: T = getattr(self._own, what.__name__)(*args, **kwargs)
        return own


class _Absence:
    """What this process knows of Redis being away. Threads share it; at worst two of them tell the same."""

    def __init__(self) -> None:
        self._until: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether it is too early to ask again."""
        return self._until is not None and time.monotonic() < self._until

    def begin(self, error: Exception) -> None:
        """Redis does not answer."""
        if self._until is None:
            log.warning(
                "Redis does not answer (%s). Until it does, each process counts requests and tries to sign "
                "in by itself. Check REDIS_URL.",
                type(error).__name__,
            )
        self._until = time.monotonic() + AWAY_SECONDS

    def end(self) -> None:
        """Redis answers."""
        if self._until is not None:
            self._until = None
            log.warning("Redis answers again.")


_absence = _Absence()
