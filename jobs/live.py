"""What people see move: progress, streamed text and places in the queue, as signals."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from heapq import nsmallest
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from jobs import actions, fan_out, standings
from jobs.context import StepContext
from jobs.errors import JobError
from jobs.estimates import progress
from jobs.ledger import Spent
from jobs.models import Job, Step
from jobs.presentation import Place, eta_range, job_data, money, owner_stream
from jobs.shapes import remaining
from jobs.states import ACTIVE, Status
from realtime import commands, signals, snapshots

Act = Callable[[Job], Job]

UNDER_WAY, RECENT = 20, 5
"""How many jobs that go on, and that ended, a snapshot shows: so many that it fits into a frame of 64 KB."""

TOLD_IN_FRONT, TOLD_BEHIND = 100, 150
"""How many places are told at a turn, at most. Each is a datagram to every web process."""
OFF_SECONDS, OFF_SHARE = 2.0, 0.1
"""By how much a time must have changed to be told again."""

UNSAID = 0.9
"""How far a step that says nothing of its progress is shown at most."""


def fraction(context: StepContext) -> float:
    """How far a step is, 0..1: what it said, or for a silent one a guess from the time it should take.

    The guess rises ever more slowly towards `UNSAID`, so that a long call shows that it goes on.
    """
    if context.live.fraction is not None:
        return context.live.fraction
    elapsed = time.monotonic() - context.began
    return UNSAID * (1.0 - math.exp(-elapsed / max(0.1, context.claim.step.predicted_seconds)))


def tell_progress(context: StepContext, spent: Iterable[Spent]) -> None:
    """Sends how far the step and its job are, and the text that came since.

    Args:
        context: of the running step.
        spent: what the steps of the same job that run here have used, its own included.
    """
    advance(context)
    job = context.claim.job
    job.progress = max(job.progress, progress(context.claim.graph.steps))
    job.stage = context.live.stage or context.claim.step.title
    signals.send(owner_stream(job), "job.progress", progress_data(context, spent))


def advance(context: StepContext) -> None:
    """Notes how far the step is, and sends the text that came since."""
    step = context.claim.step
    step.progress = max(step.progress, fraction(context))
    step.stage = context.live.stage
    context.live.changed = False
    _tell_text(context)


def progress_data(context: StepContext, spent: Iterable[Spent]) -> dict[str, Any]:
    """The data of a ``job.progress`` signal. ``progress`` is the job's, ``step_progress`` the step's."""
    job, step = context.claim.job, _shown(context)
    left = remaining(context.claim.graph.steps)
    return {
        "job": str(job.pk),
        "step": step.name,
        "attempt": step.attempts,
        "progress": round(job.progress, 4),
        "step_progress": round(step.progress, 4),
        "stage": job.stage,
        "cost_usd": money(reduce(_sum, (one.cost_usd for one in spent), job.cost_usd)),
        "tokens_out": context.spent.tokens_out,
        "eta_seconds": round(left.p50, 1),
        "eta_range_seconds": eta_range(left.p50, left.p90),
        "quality": context.quality,
    }


def _shown(context: StepContext) -> Step:
    """The step as people see it: an item moves the step that it is part of."""
    step, steps = context.claim.step, context.claim.graph.steps
    if not step.part_of:
        return step
    parent = next(one for one in steps if one.name == step.part_of)
    parent.progress = fan_out.progress(parent, [one for one in steps if one.part_of == parent.name])
    return parent


def keep_progress(contexts: Sequence[StepContext]) -> None:
    """Writes the progress of steps and jobs, for whoever looks later. Never moves it backwards.

    Each row by itself, outside a transaction: so it holds no lock that a move could wait for.
    """
    for context in contexts:
        step, job = context.claim.step, context.claim.job
        mine = Step.objects.filter(pk=step.pk, status=Status.PROCESSING, attempts=context.attempt)
        if mine.update(progress=step.progress, stage=step.stage[:200], quality=context.quality):
            Job.objects.filter(pk=job.pk, status__in=ACTIVE, progress__lte=job.progress).update(
                progress=job.progress, stage=job.stage[:200]
            )


def refresh(contexts: Sequence[StepContext]) -> None:
    """Learns what other workers did for the same jobs: their steps' progress, and what they spent."""
    mine = {context.claim.step.pk for context in contexts}
    jobs = {context.claim.job.pk for context in contexts}
    costs = dict(Job.objects.filter(pk__in=jobs).values_list("pk", "cost_usd"))
    others = Step.objects.filter(job_id__in=jobs).exclude(pk__in=mine)
    known = {pk: (status, done) for pk, status, done in others.values_list("pk", "status", "progress")}
    for context in contexts:
        context.claim.job.cost_usd = costs.get(context.claim.job.pk, context.claim.job.cost_usd)
        for step in context.claim.graph.steps:
            if step.pk in known:
                step.status, step.progress = known[step.pk]


@dataclass(slots=True)
class PlaceTeller:
    """Tells people the places of their waiting jobs, where these changed since they were last told.

    At each turn the first `TOLD_IN_FRONT` of the line hear of it, and of all others those who were told
    longest ago, `TOLD_BEHIND` at most: so a turn costs the same however long the line is, and 10,000
    waiting jobs are each told within about a minute. Signals to people who don't watch end at the hub.
    """

    _told: dict[UUID, tuple[Place, float]] = field(default_factory=dict)

    def tell(self) -> int:
        """One turn; how many places were told."""
        now, line = time.monotonic(), standings.whole_line()
        self._told = {job_id: told for job_id, told in self._told.items() if job_id in line}
        changed = [job_id for job_id, place in line.items() if self._is_news(job_id, place, now)]
        front = [job_id for job_id in changed if line[job_id].position <= TOLD_IN_FRONT]
        behind = (job_id for job_id in changed if line[job_id].position > TOLD_IN_FRONT)
        told = front + nsmallest(TOLD_BEHIND, behind, key=self._last)
        owners = dict(Job.objects.filter(pk__in=told, status=Status.QUEUED).values_list("pk", "owner_id"))
        for job_id in (one for one in told if one in owners):
            owner_id, place = owners[job_id], line[job_id]
            signals.send(f"user:{owner_id}", "queue.position", {"job": str(job_id), **place.data()})
        self._told.update({job_id: (line[job_id], now) for job_id in told})
        return len(owners)

    def _last(self, job_id: UUID) -> float:
        return self._told[job_id][1] if job_id in self._told else -math.inf

    def _is_news(self, job_id: UUID, place: Place, now: float) -> bool:
        if job_id not in self._told:
            return True
        known, then = self._told[job_id]
        return is_news(known, place, now - then)


def is_news(known: Place, place: Place, seconds: float) -> bool:
    """Whether ``place`` says something new to whom ``known`` was told ``seconds`` ago; that counts down."""
    off = abs(known.eta_seconds - seconds - place.eta_seconds)
    return known.position != place.position or off > max(OFF_SECONDS, OFF_SHARE * place.eta_seconds)


def register() -> None:
    """Gives `realtime` the jobs' part of a person's snapshot, and the commands on jobs."""
    snapshots.register("user:", "jobs", snapshot)
    for name, act in (("job.cancel", actions.cancel), ("job.retry", actions.retry)):
        commands.register(name, _command(act))
    commands.register("job.priority", _reprioritise)


def snapshot(stream: str) -> list[dict[str, Any]]:
    """The newest jobs of the stream's owner that are not over, and the newest that are."""
    own = Job.objects.filter(owner_id=int(stream.partition(":")[2])).defer("input")
    active = list(own.filter(status__in=ACTIVE)[:UNDER_WAY])
    jobs = active + list(own.exclude(status__in=ACTIVE)[:RECENT])
    return [job_data(job, steps, place=place) for job, steps, place in with_steps(jobs)]


def with_steps(jobs: Iterable[Job]) -> list[tuple[Job, list[Step], Place | None]]:
    """Each job with its steps in order and its place in the queue."""
    jobs = list(jobs)
    steps = Step.objects.of_jobs(job.pk for job in jobs)
    places = standings.places(jobs, steps)
    return [(job, steps[job.pk], places.get(job.pk)) for job in jobs]


def _tell_text(context: StepContext) -> None:
    live = context.live
    if not live.text:
        return
    data = {
        "job": str(context.claim.job.pk),
        "step": context.claim.step.name,
        "offset": live.text_offset,
        "text": live.text,
    }
    live.text_offset += len(live.text)
    live.text = ""
    signals.send(owner_stream(context.claim.job), "job.text", data)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _command(act: Act) -> commands.Handler:
    def run(user: AbstractBaseUser, data: Mapping[str, Any]) -> dict[str, Any]:
        return _answer(act, _own(user, data))

    return run


def _reprioritise(user: AbstractBaseUser, data: Mapping[str, Any]) -> dict[str, Any]:
    return _answer(lambda job: actions.reprioritise(job, str(data.get("priority"))), _own(user, data))


def _answer(act: Act, job: Job) -> dict[str, Any]:
    try:
        job = act(job)
    except JobError as error:
        raise commands.Refused(error.code, error.message) from None
    ((job, steps, place),) = with_steps([job])
    return {"job": job_data(job, steps, place=place)}


def _own(user: AbstractBaseUser, data: Mapping[str, Any]) -> Job:
    try:
        return Job.objects.get(pk=UUID(str(data.get("job"))), owner_id=user.pk)
    except (Job.DoesNotExist, ValueError):
        raise commands.Refused("not_found", "There is no such job of yours.") from None
