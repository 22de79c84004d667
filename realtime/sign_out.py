"""Signing out closes the session's sockets, in every process."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from realtime import doorbell, hints
from realtime.log import ROOM


def connect() -> None:
    """Listens to Django's signal."""
    user_logged_out.connect(_tell_hubs, dispatch_uid="realtime.sign_out")


def _tell_hubs(sender: Any, request: HttpRequest | None, **extra: Any) -> None:
    session_key = request.session.session_key if request is not None else None
    if session_key:
        doorbell.ring(ROOM, hints.SignedOut(hints.digest(session_key)).encode())
