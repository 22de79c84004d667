"""What would keep news from arriving, found before the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from realtime import doorbell


def doorbell_can_be_rung(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Whether processes of this machine can ring at each other."""
    try:
        doorbell.Listener("web").close()
    except OSError as error:
        return [
            Error(
                f"The doorbell's directory cannot be used: {error}",
                hint="DATA_DIR must be on a local disk where sockets can be made, and belong to you.",
                id="realtime.E001",
            )
        ]
    return []


def authenticate_can_be_imported(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Whether the setting that recognises tokens names something."""
    path = getattr(settings, "REALTIME_AUTHENTICATE", None)
    try:
        if path:
            import_string(path)
    except ImportError as error:
        return [
            Error(
                f"REALTIME_AUTHENTICATE is {path!r}, which cannot be imported: {error}",
                hint="Name a function (token, scope) -> user or None, or leave the setting out.",
                id="realtime.E002",
            )
        ]
    return []
