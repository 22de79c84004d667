"""The engine's rows of the budgets, on SQLite and on PostgreSQL, each beside its peers: ``bench jobs``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from tests.bench import loads
from tests.bench.children import Database, databases, measured
from tests.bench.table import Row
from tests.bench.timing import Figures
from tests.fake_openai.process import running as fake_service

Measure = Callable[[Database], Iterator[Row]]
NOOP_RUNS = 3
"""No-op jobs are run so often, in turn with the peers, and the median counts."""
PEERS = {"djangoq": "django-q2", "procrastinating": "Procrastinate"}
WITH_WORKERS = {"djangoq": "django-q2, 16 workers", "procrastinating": "Procrastinate, 2 × 50"}


def rows() -> list[Row]:
    """Measures all rows of the engine, each in the same run as its peers; takes about eight minutes."""
    with databases() as found:
        return [row for measure in MEASURES for database in found for row in _measured(measure, database)]


def _measured(measure: Measure, database: Database) -> list[Row]:
    """The rows of a measure; one that says so if it failed, so that the others are not lost with it."""
    try:
        return list(measure(database))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return [Row(f"{database.name}: {measure.__name__} FAILED, see above", "", None, "", None)]


def submit_rows(database: Database) -> Iterator[Row]:
    """A submit while workers are busy, beside the bare enqueueing of a task."""
    posted = database.ours("posting")["p95_ms"]
    ours = database.ours("submitting")["p95_ms"]
    metric = f"{database.name}: submit under load"
    yield Row(f"{metric}, POST to answer, p95", "ms", posted, "", None, 50)
    for peer in database.peers:
        theirs = database.of_peer(peer, "submit")["p95_ms"]
        yield Row(f"{metric}, the call alone, p95", "ms", ours, f"{PEERS[peer]}, enqueue", theirs, 50)


def pickup_rows(database: Database) -> Iterator[Row]:
    """From submit to the start of the step, warm: a drain waits for the bell."""
    ours = database.ours("pickup")
    theirs = {peer: database.of_peer(peer, "pickup") for peer in database.peers}
    for name, what, p50, p95 in (
        ("", "submit included", 5, 10),
        ("after_submit_", "from the submit's return", None, None),
    ):
        for quantile, budget in (("p50", p50), ("p95", p95)):
            key = f"{name}{quantile}_ms"
            for peer in database.peers:
                metric = f"{database.name}: pickup, idle and warm, {what}, {quantile}"
                yield Row(metric, "ms", ours[key], PEERS[peer], theirs[peer][key], budget)


def cold_rows(database: Database) -> Iterator[Row]:
    """The same right after all drains were told to end: the token goes through django-q2's broker."""
    ours = database.ours("pickup_cold")
    for quantile, budget in (("p50", 100), ("p95", 250)):
        metric = f"{database.name}: pickup, all drains told to end before, {quantile}"
        yield Row(metric, "ms", ours[f"{quantile}_ms"], "", None, budget)


def noop_rows(database: Database) -> Iterator[Row]:
    """No-op jobs with all their rows, two drains, beside no-op tasks, two workers or processes."""
    runs: list[Figures] = [
        {
            "": database.ours("noop")["per_second"],
            **{peer: database.of_peer(peer, "noop")["per_second"] for peer in database.peers},
        }
        for _ in range(NOOP_RUNS)
    ]
    middle = {name: median(run[name] for run in runs) for name in runs[0]}
    for peer in database.peers:
        budget = middle[peer] if peer == "djangoq" else None
        metric = f"{database.name}: no-op jobs end to end, median of {NOOP_RUNS}"
        yield Row(metric, "per second", middle[""], f"{PEERS[peer]}, no-op tasks", middle[peer], budget)


def waits_rows(database: Database) -> Iterator[Row]:
    """300 steps that wait half a second, two drains of 100 in flight: what the engine itself adds."""
    ours = database.ours("waits")["per_second"]
    for peer in database.peers:
        theirs = database.of_peer(peer, "waits")["per_second"]
        metric = f"{database.name}: {loads.CALLS} steps that wait 0.5 s, 2 × 100 in flight"
        yield Row(metric, "per second", ours, WITH_WORKERS[peer], theirs, 200)


def calls_rows(database: Database) -> Iterator[Row]:
    """The same with real calls, streamed through the SDK over HTTP; beside the SDK with no engine."""
    with fake_service() as url:
        model = f"stall-{loads.CALL_SECONDS}"
        service = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "bench", "OPENAI_MODEL": model}
        ours = database.ours("calls", **service, SHIPSPEAK_PROVIDERS="openai")
        bare = measured(["-m", "tests.bench.peers.sdk", str(loads.CALLS), "200"], {**os.environ, **service})
    metric = f"{database.name}: {loads.CALLS} streamed calls of 0.5 s, 2 × 100 in flight"
    peer = "the bare SDK, 200 in flight, nothing stored"
    yield Row(metric, "per second", ours["per_second"], peer, bare["per_second"], 200)


def result_rows(database: Database) -> Iterator[Row]:
    """`GET result` as large as a long meeting's, with sign-in and middleware; beside a view of one row."""
    figures = database.ours("result")
    metric = f"{database.name}: GET result of 200 KB, p95"
    peer = "a bare Django view of the same row"
    yield Row(metric, "ms", figures["p95_ms"], peer, figures["bare_p95_ms"], 20)


def inner_rows(database: Database) -> Iterator[Row]:
    """What has no peer: a long queue, and the statements that a step takes."""
    turn, statements = database.ours("crowded"), database.ours("statements")
    metric = f"{database.name}: claim and settle 10 of {loads.WAITING} waiting jobs, p95"
    yield Row(metric, "ms", turn["p95_ms"], "", None)
    for key, what in (("whole", "submitted alone"), ("after_submit", "claim and settlement only")):
        metric = f"{database.name}: statements in a step's life, 100 at a time, {what}"
        yield Row(metric, "statements", statements[key], "", None, 10)


MEASURES: Sequence[Measure] = (
    submit_rows,
    pickup_rows,
    cold_rows,
    noop_rows,
    waits_rows,
    calls_rows,
    result_rows,
    inner_rows,
)
