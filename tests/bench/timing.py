"""How the benchmarks take times: by a clock that all processes of a machine share, and as quantiles."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench import loads

Figures = dict[str, float]
"""What a measurement gives: values by name."""

LOOK_SECONDS = 0.005
"""How often it is looked whether something is there."""
COUNT_SECONDS = 0.02
"""How often finished jobs are counted, which costs the database something."""
IDLE_SECONDS = (0.1, 0.6)
"""How long an idle queue is left alone before the next pickup; by chance, so that no poll is met on time."""


class Pickup(NamedTuple):
    """How long the start of one job took, in seconds: the submit included, and from its return on."""

    whole: float
    after_submit: float


def leave_stamp(path: str) -> None:
    """What a job does that tells when it started."""
    moment = time.monotonic_ns()
    unfinished = Path(f"{path}.new")
    unfinished.write_text(str(moment))
    unfinished.rename(path)


def pickup(submit: Callable[[str], object], stamp: Path) -> Pickup:
    """Submits a job that leaves its stamp at ``stamp``, and waits for that."""
    began = time.monotonic_ns()
    submit(str(stamp))
    submitted = time.monotonic_ns()
    wait_for(stamp.exists)
    started = int(stamp.read_text())
    return Pickup((started - began) / 1e9, max(0, started - submitted) / 1e9)


def pickups(submit: Callable[[str], object], folder: Path, count: int) -> Figures:
    """Pickups by an idle queue; a first one warms everything up and is not counted."""
    pause = random.Random(3)
    found = []
    for number in range(count + 1):
        time.sleep(pause.uniform(*IDLE_SECONDS))
        found.append(pickup(submit, folder / f"stamp-{number}"))
    return figures_of(found[1:])


def figures_of(found: Sequence[Pickup]) -> Figures:
    """Quantiles of both times of pickups."""
    after = quantiles([one.after_submit for one in found])
    return {
        **quantiles([one.whole for one in found]),
        **{f"after_submit_{name}": value for name, value in after.items()},
    }


def per_second(done: Callable[[], int], count: int) -> Figures:
    """How many a second are done, from when the first are until ``count`` are."""
    wait_for(done, COUNT_SECONDS)
    first, began = done(), time.perf_counter()
    wait_for(lambda: done() >= count, COUNT_SECONDS)
    return {"per_second": (count - first) / (time.perf_counter() - began)}


def seconds_of(work: Callable[[], object], count: int) -> list[float]:
    """How long each of ``count`` runs of ``work`` takes."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def quantiles(seconds: Sequence[float]) -> Figures:
    """Median and 95 % quantile in ms, nearest rank."""
    ordered = sorted(seconds)
    return {
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p95_ms": ordered[int(len(ordered) * 0.95)] * 1e3,
    }


def wait_for(done: Callable[[], object], look: float = LOOK_SECONDS, seconds: float = 180.0) -> None:
    """Looks every ``look`` seconds until ``done()``; TimeoutError when it is not after ``seconds``."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"not done after {seconds:g} s")
        time.sleep(look)


def submits(submit: Callable[[], object], done: Callable[[], int]) -> Figures:
    """How long a submit takes while workers are busy with what was submitted before.

    Raises:
        RuntimeError: the workers ran out of work meanwhile.
    """
    wait_for(done, COUNT_SECONDS)
    found = quantiles(seconds_of(submit, loads.SUBMITS))
    if done() >= loads.BACKLOG:
        raise RuntimeError("the workers were idle before all submits were timed; make loads.BACKLOG larger")
    return found


def rate_of_burst(submit: Callable[[], object], done: Callable[[], int], count: int) -> Figures:
    """How many of ``count`` jobs, submitted one by one, are done a second, from the first submit on."""
    before, began = done(), time.perf_counter()
    for _ in range(count):
        submit()
    wait_for(lambda: done() >= before + count, COUNT_SECONDS)
    return {"per_second": count / (time.perf_counter() - began)}
