from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from realtime import metrics
from realtime.protocol import EventFrame


def latency() -> dict[str, float]:
    """What the histogram says so far."""
    (family,) = metrics.latency.collect()
    return {sample.name.rpartition("_")[2]: sample.value for sample in family.samples}


@pytest.mark.parametrize("data", [{}, {"at": "yesterday", "text": '"at":"nonsense"'}])
def test_it_measures_from_the_writing_of_an_event(data: dict[str, Any]) -> None:
    before = latency()
    written = datetime.now(UTC) - timedelta(seconds=5)
    frame = EventFrame(stream="user:1", seq=1, id="e-1", name="job.queued", at=written, data=data)

    metrics.handed_out(frame.encode())

    after = latency()
    assert after["count"] == before["count"] + 1
    assert after["sum"] - before["sum"] == pytest.approx(5, abs=1)


def test_it_is_never_less_than_nothing_when_clocks_differ() -> None:
    before = latency()["sum"]
    written = datetime.now(UTC) + timedelta(minutes=1)

    metrics.handed_out(EventFrame(stream="s", seq=1, id="e", name="n", at=written, data={}).encode())

    assert latency()["sum"] == before
