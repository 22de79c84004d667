"""What must hold of the tables whatever happened: for the tests of faults, and for the chaos run.

Each look finds the rows that break one rule, and finds none as long as all is well. It speaks of jobs that
are over; of others nothing is said yet.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Count

from jobs.models import Attempt, Job, ProviderCall, Step
from jobs.states import TERMINAL
from realtime.models import Event, Stream

Found = list[Any]
CENT = Decimal("0.000001")
"""Less than this is rounding: tables keep eight digits."""


def broken() -> dict[str, Found]:
    """The rules that do not hold, each with the rows that break it; an empty dict when all is well."""
    looks: dict[str, Callable[[], Found]] = {
        "a step that goes on in a job that is over": _going_on,
        "an attempt that nobody ended": _open_attempts,
        "a step with two attempts that succeeded": _done_twice,
        "a completed step that ran again": _ran_again,
        "a completed step without the attempt that did it": _done_by_nobody,
        "a completed job without its result, or a result without": _results,
        "a call that nobody ended": _open_calls,
        "an answer that was asked for though it was stored": _asked_again,
        "a sum that is not that of its parts": _sums,
        "a stream with a gap, or out of order": _gaps,
        "a completion that was told twice, or not at all": _completions,
        "a job whose last event tells something else": _last_events,
    }
    return {rule: rows for rule, look in looks.items() if (rows := look())}


def _going_on() -> Found:
    steps = Step.objects.filter(job__status__in=TERMINAL).exclude(status__in=TERMINAL)
    return list(steps.exclude(job__status="failed", status="pending").values_list("job_id", "name", "status"))


def _open_attempts() -> Found:
    left = Attempt.objects.filter(outcome="running", step__job__status__in=TERMINAL)
    return list(left.values_list("step_id", "number"))


def _done_twice() -> Found:
    done = Attempt.objects.filter(outcome="succeeded").order_by().values("step_id")
    return list(done.annotate(times=Count("pk")).filter(times__gt=1).values_list("step_id", "times"))


def _ran_again() -> Found:
    done = dict(Attempt.objects.filter(outcome="succeeded").values_list("step_id", "number"))
    attempts = Attempt.objects.filter(step_id__in=Attempt.objects.filter(outcome="succeeded").values("step"))
    return [pair for pair in attempts.values_list("step_id", "number") if pair[1] > done[pair[0]]]


def _done_by_nobody() -> Found:
    done = Attempt.objects.filter(outcome="succeeded").values("step")
    return list(Step.objects.filter(status="completed").exclude(pk__in=done).values_list("pk", "name"))


def _results() -> Found:
    jobs = Job.objects.values_list("pk", "status", "result_row")
    return [one for one in jobs if (one[1] == "completed") != (one[2] is not None)]


def _open_calls() -> Found:
    left = ProviderCall.objects.filter(outcome="running", step__job__status__in=TERMINAL)
    return list(left.values_list("pk", "step_id", "attempt"))


def _asked_again() -> Found:
    """Calls for what the same step had in store when its attempt began, or got since. An answer that did not
    fit is none; see `jobs.gate.reject`."""
    began = {(one.step_id, one.number): one.started_at for one in Attempt.objects.all()}
    stored: defaultdict[tuple[Any, ...], list[ProviderCall]] = defaultdict(list)
    again = []
    for call in ProviderCall.objects.filter(step__isnull=False).order_by("pk"):
        known = stored[call.step_id, call.provider, call.fingerprint]
        since = began[call.step_id, call.attempt]
        again += [
            (one.pk, call.pk, call.step_id)
            for one in known
            if one.attempt == call.attempt or (one.finished_at and one.finished_at <= since)
        ]
        if call.answer is not None and not call.rejected:
            known.append(call)
    return again


def _sums() -> Found:
    by_attempt: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for call in ProviderCall.objects.filter(step__isnull=False, cost_usd__isnull=False):
        by_attempt[call.step_id, call.attempt] += call.cost_usd
    by_step: defaultdict[int, Decimal] = defaultdict(Decimal)
    by_job: defaultdict[Any, Decimal] = defaultdict(Decimal)
    wrong: Found = []
    for attempt in Attempt.objects.filter(step__job__status__in=TERMINAL):
        own = attempt.cost_usd or Decimal(0)
        by_step[attempt.step_id] += own
        wrong += _differs("attempt", attempt.pk, own, by_attempt[attempt.step_id, attempt.number])
    for step in Step.objects.filter(job__status__in=TERMINAL):
        own = step.cost_usd or Decimal(0)
        by_job[step.job_id] += own
        wrong += _differs("step", step.pk, own, by_step[step.pk])
    for job in Job.objects.filter(status__in=TERMINAL):
        wrong += _differs("job", job.pk, job.cost_usd or Decimal(0), by_job[job.pk])
    return wrong


def _differs(what: str, pk: Any, own: Decimal, parts: Decimal) -> Found:
    return [(what, pk, own, parts)] if abs(own - parts) > CENT else []


def _gaps() -> Found:
    wrong: Found = []
    for stream in Stream.objects.all():
        events = list(stream.events.order_by("seq").values_list("seq", "at"))
        if [seq for seq, _ in events] != list(range(stream.floor + 1, stream.seq + 1)):
            wrong.append((stream.name, stream.floor, stream.seq, len(events)))
    return wrong


def _completions() -> Found:
    told = Counter(
        (data["job"]["id"], data["step"])
        for name, data in _frames(("job.step_completed",))
        if name == "job.step_completed"
    )
    steps = Step.objects.filter(status="completed").values_list("job_id", "name")
    return [(*one, told[str(one[0]), one[1]]) for one in steps if told[str(one[0]), one[1]] != 1]


def _last_events() -> Found:
    """Jobs whose row is not what somebody thinks who heard all events; and those that ended while over."""
    ends = {f"job.{status}" for status in TERMINAL}
    heard: dict[str, str] = {}
    over: set[str] = set()
    wrong: Found = []
    for name, data in _frames():
        if "job" not in data:
            continue
        job = data["job"]["id"]
        if name in ends and job in over:
            wrong.append((job, "ended twice", name))
        if name in ends:
            over.add(job)
        elif name == "job.requeued":
            over.discard(job)
        heard[job] = data["job"]["status"]
    jobs = Job.objects.values_list("pk", "status")
    return wrong + [(pk, status, heard.get(str(pk))) for pk, status in jobs if heard.get(str(pk)) != status]


def _frames(names: Iterable[str] = ()) -> Iterable[tuple[str, dict[str, Any]]]:
    events = Event.objects.filter(stream__name__startswith="user:").order_by("stream_id", "seq")
    for event in events.filter(name__in=names) if names else events:
        yield event.name, json.loads(event.frame)["data"]
