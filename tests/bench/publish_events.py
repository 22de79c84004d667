"""The writer of the benchmark, in a process of its own: publishes as a worker would.

``python -m tests.bench.publish_events '{"mode": "targeted", "streams": [...], "rate": 200, "seconds": 10}'``
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

import django

PAYLOAD_BYTES = 300


def payload(number: int) -> dict[str, Any]:
    """What an event tells: the moment before it was written, filled up to 300 bytes."""
    data = {"job": "5f6f1f3e-6c1a-4a7e-9f57-0d6a7b0c9e11", "i": number, "t": time.monotonic_ns()}
    return data | {"fill": "x" * max(0, PAYLOAD_BYTES - len(json.dumps(data)))}


def main(order: dict[str, Any]) -> list[float]:
    """Publishes at a steady rate; gives how long each transaction took, in ms."""
    from django.db import transaction

    from realtime.log import publish

    chosen = random.Random(7)
    took = []
    begun = time.monotonic()
    for number in range(int(order["rate"] * order["seconds"])):
        time.sleep(max(0.0, begun + number / order["rate"] - time.monotonic()))
        stream = chosen.choice(order["streams"])
        before = time.perf_counter()
        with transaction.atomic():
            publish(stream, "job.step_completed", payload(number))
        took.append((time.perf_counter() - before) * 1000)
    return took


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(json.loads(sys.argv[1]))))
