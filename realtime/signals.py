"""Signals: fleeting, latest-wins updates. They touch no table and ride in the doorbell's message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from realtime import doorbell
from realtime.hints import Signal
from realtime.log import ROOM
from realtime.protocol import SignalFrame

SUBJECTS = ("job", "step", "upload")
"""What a signal is about, by names in its data: those about the same replace each other."""


def send(stream: str, name: str, data: Mapping[str, Any]) -> None:
    """Tells whoever watches ``stream`` now. Cheap, callable from any thread, and without a promise.

    While a client is slow, a signal takes the place of the earlier one of the same stream and name that was
    about the same. A frame too long for a datagram (128 KB) is lost, as any may be.
    """
    frame = SignalFrame(stream=stream, name=name, at=timezone.now(), data=dict(data)).encode()
    key = " ".join([stream, name, *(str(data[subject]) for subject in SUBJECTS if subject in data)])
    doorbell.ring(ROOM, Signal(stream, key, frame).encode())
