"""What this web process tells Prometheus of its sockets. Another process tells of its own."""

from __future__ import annotations

import time
from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

connections = Gauge("shipspeak_ws_connections", "Sockets that are open in this process.")
events_sent = Counter("shipspeak_ws_events_sent", "Events that this process sent to sockets.")
latency = Histogram(
    "shipspeak_event_latency_seconds",
    "From writing an event until this process hands it to its sockets.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)

_AT = '"at":"'


def handed_out(frame: str) -> None:
    """Notes that an event's ``frame`` goes to the sockets now; once, however many they are."""
    start = frame.find(_AT) + len(_AT)  # the first one: what the event tells comes last in its frame
    written = datetime.fromisoformat(frame[start : frame.index('"', start)])
    latency.observe(max(0.0, time.time() - written.timestamp()))
