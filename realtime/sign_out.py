"""Who is signed out, or loses a right, loses their sockets at once, in every process."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.http import HttpRequest

from realtime import doorbell, hints
from realtime.log import ROOM


def connect() -> None:
    """Listens to Django's signal."""
    user_logged_out.connect(_tell_hubs, dispatch_uid="realtime.sign_out")


def look_again(person: Any) -> None:
    """Has all sockets of the person with this id looked at anew, once what is under way is certain.

    For whoever changes an account, a key or a right.
    """
    ring = partial(doorbell.ring, ROOM, hints.Changed(str(person)).encode())
    transaction.on_commit(ring, robust=True)


def _tell_hubs(sender: Any, request: HttpRequest | None, **extra: Any) -> None:
    session_key = request.session.session_key if request is not None else None
    if session_key:
        doorbell.ring(ROOM, hints.SignedOut(hints.digest(session_key)).encode())
