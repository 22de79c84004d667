"""Who may watch which stream."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AbstractBaseUser

Allowed = Callable[[AbstractBaseUser, str], bool]
"""Whether a signed-in person may watch the stream of that name. It may query."""

OWN = "user"
"""What a client may call its own stream."""


def own_stream(user: AbstractBaseUser) -> str:
    """The name of the person's own stream."""
    return f"user:{user.pk}"


def _is_own(user: AbstractBaseUser, stream: str) -> bool:
    return stream == own_stream(user)


def _everybody(user: AbstractBaseUser, stream: str) -> bool:
    return stream == "system"


_rules: dict[str, Allowed] = {"user:": _is_own, "system": _everybody}


def register(prefix: str, allowed: Allowed) -> None:
    """Lets ``allowed`` decide about the streams whose names start with ``prefix``."""
    _rules[prefix] = allowed


def may_watch(user: AbstractBaseUser, stream: str) -> bool:
    """Whether the person may watch the stream. A stream that no rule knows is nobody's."""
    rules = [allowed for prefix, allowed in _rules.items() if stream.startswith(prefix)]
    return bool(rules) and all(allowed(user, stream) for allowed in rules)
