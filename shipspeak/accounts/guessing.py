"""Passwords can't be guessed by trying many: who fails often must wait.

Wrong tries are counted for a name at an address, and, with more patience, for a name wherever they come from:
an address is cheap to change. A name that nobody has counts like any other, so nothing is told by it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in so many seconds, from the first one on."""

    tries: int
    seconds: int


HERE = Limit(10, 5 * 60)
"""For a name at one address."""
ANYWHERE = Limit(100, 60 * 60)
"""For a name, at all addresses together. Higher, since anyone can use it up and so keep its owner out."""


class Guard:
    """An authentication backend that knows nobody: it goes first, and ends the search after many tries."""

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **rest: Any) -> None:
        """Counts a try, before the password is looked at. Raises PermissionDenied, which ends the search."""
        if username is None or request is None:
            return
        counts = [_count(key, limit) > limit.tries for key, limit in _counters(request, username)]
        if any(counts):
            raise PermissionDenied


def must_wait(request: HttpRequest, username: str) -> bool:
    """Whether there were too many wrong tries to sign in with this name."""
    return any(cache.get(key, 0) > limit.tries for key, limit in _counters(request, username))


def connect() -> None:
    """Has a right password end the count."""
    user_logged_in.connect(_forget, dispatch_uid="accounts.guessing")


def _forget(sender: Any, request: HttpRequest | None, user: Any, **extra: Any) -> None:
    if request is not None:
        cache.delete_many([key for key, _ in _counters(request, user.get_username())])


def _counters(request: HttpRequest, username: str) -> list[tuple[str, Limit]]:
    address = request.META.get("REMOTE_ADDR", "")
    return [(_key("here", address, username), HERE), (_key("anywhere", username), ANYWHERE)]


def _count(key: str, limit: Limit) -> int:
    """One more; how many they are. A count that ends in between begins anew."""
    if cache.add(key, 1, limit.seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:
        return 1


def _key(*parts: str) -> str:
    """Of fixed length, and without characters that a cache refuses."""
    return "accounts.tries." + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
