"""Claiming steps, and settling what came of them: the two writes in a step's life."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs import admission, fan_out, gate, ledger, needs, queue
from jobs.admission import Policies
from jobs.errors import InvalidOutput, JobError, WorkerLost
from jobs.graph import Graph
from jobs.models import Attempt, Job, ProviderCall, Step
from jobs.outcomes import Failed, Outcome, Released, Snoozed, Succeeded
from jobs.providers import chain
from jobs.retry import NextProvider, RetryIn, decide
from jobs.states import Status
from jobs.transitions import Moves


@dataclass(frozen=True, slots=True)
class Claim:
    """A step handed to this worker, with all it takes to run it.

    ``attempt.number`` is the fencing token: what is written for the step later counts only while the
    step is still at this attempt. ``outputs`` are what the steps it depends on gave, by name;
    ``answers`` what earlier attempts were answered, by provider and request. ``gathered`` are the outputs of
    its items, in order, if it has some; ``needed`` the results of the jobs that its job waited for. ``used``
    are the requests, by fingerprint, whose answers its output was made of.
    """

    job: Job
    step: Step
    attempt: Attempt
    graph: Graph
    outputs: dict[str, Any]
    answers: dict[tuple[str, str], dict[str, Any]]
    gathered: list[Any] = field(default_factory=list)
    needed: dict[UUID, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @property
    def gathers(self) -> bool:
        """Whether the step does nothing but gather what its items gave."""
        return bool(self.step.over)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of a claim, and what it used of providers."""

    claim: Claim
    outcome: Outcome
    spent: ledger.Spent


def claim(worker: UUID, slots: int, workers: int, policies: Policies | None = None) -> list[Claim]:
    """Claims up to ``slots`` steps for ``worker``, by rank, of what ``policies`` don't keep back.

    Args:
        worker: who claims.
        slots: how many steps it can take.
        workers: how many workers share the queue, itself included.
        policies: as they are known; read if they are not given.
    """
    with transaction.atomic():
        found = queue.next_steps(slots, workers, admission.read() if policies is None else policies)
        if not found.steps:
            return []
        moves = Moves.of_locked({step.job_id: step.job for step in found.steps}.values())
        lease_until = moves.now + timedelta(seconds=settings.LEASE_SECONDS)
        claims = []
        for job_id, step_id in [(step.job_id, step.pk) for step in found.steps]:
            graph = moves.graphs[job_id]
            step = graph.with_id(step_id)
            attempt = moves.start(graph, step, worker, lease_until)
            if attempt:
                claims.append(Claim(graph.job, step, attempt, graph, {}, {}))
        if not claims:
            return []
        queue.advance_clock({one.job.pk: one.job for one in claims}.values(), found.next_rank)
        moves.write()
    _load_outputs([one for one in claims if not one.gathers])
    _load_items([one for one in claims if one.step.part_of])
    _load_gathered([one for one in claims if one.gathers])
    _load_answers(claims)
    results = needs.results({one.job.pk: one.job for one in claims}.values())
    for one in claims:
        one.needed.update(results.get(one.job.pk, {}))
    return claims


def wake_due() -> None:
    """Queues the steps whose time has come. A transaction of its own, so that locks keep their order."""
    due = Step.objects.filter(
        status__in=(Status.RETRYING, Status.PENDING), available_at__lte=timezone.now()
    ).order_by("available_at", "id")
    pairs = list(due.values_list("job_id", "id")[:500])
    if not pairs:
        return
    with transaction.atomic():
        moves = Moves.of(job_id for job_id, _ in pairs)
        for job_id, step_id in pairs:
            found = moves.find(job_id, step_id)
            if found and found[1].available_at and found[1].available_at <= moves.now:
                moves.give_back(*found)
        moves.write()


def settle(settlements: Sequence[Settlement]) -> None:
    """Writes what came of claims, in one transaction.

    A claim that is no longer this worker's changes no status; what it spent is still counted, once.
    """
    if not settlements:
        return
    with transaction.atomic():
        moves = Moves.of(one.claim.job.pk for one in settlements)
        attempts = Attempt.objects.in_bulk([one.claim.attempt.pk for one in settlements])
        for one in settlements:
            found = moves.find(one.claim.job.pk, one.claim.step.pk)
            attempt = attempts.get(one.claim.attempt.pk)
            if found and attempt and attempt.outcome == Attempt.Outcome.RUNNING:
                _settle(moves, *found, one)
            elif found and attempt and attempt.outcome == Attempt.Outcome.LOST:
                moves.correct(*found, attempt, one.spent)
        moves.write()


def lose(moves: Moves, graph: Graph, step: Step, attempt: Attempt | None) -> None:
    """Takes back a step whose worker is gone: it is queued again, or given up as a poison step.

    Args:
        moves: of the step's job, among others.
        graph: the step's.
        step: the one that is lost.
        attempt: the one under way; None when it is closed already.
    """
    error = WorkerLost()
    if attempt:
        spent = ledger.spent_by(step, attempt.number)
        moves.close(graph, step, attempt, Attempt.Outcome.LOST, spent, error)
    step.failures += 1
    if step.failures > settings.PROCESSING_MAX_RETRIES:
        moves.fail_step(graph, step, error)
    else:
        moves.take_back(graph, step, error)


def give_back(moves: Moves, graph: Graph, step: Step, attempt: Attempt | None) -> None:
    """Queues a step again whose attempt never began: that is not counted as a failure.

    Args:
        moves: of the step's job, among others.
        graph: the step's.
        step: the one that is given back.
        attempt: the one that was opened for it; None when it is closed already.
    """
    if attempt:
        moves.close(graph, step, attempt, Attempt.Outcome.RELEASED, ledger.Spent())
    moves.give_back(graph, step)


def _settle(moves: Moves, graph: Graph, step: Step, one: Settlement) -> None:
    attempt, outcome, spent = one.claim.attempt, one.outcome, one.spent
    if step.status != Status.PROCESSING or step.attempts != attempt.number:
        moves.close(graph, step, attempt, Attempt.Outcome.CANCELLED, spent)
        return
    if isinstance(outcome, Succeeded):
        outcome = _with_lists(graph, one.claim, outcome)
    if isinstance(outcome, Succeeded):
        moves.complete(graph, step, attempt, outcome, spent)
    elif isinstance(outcome, Failed):
        moves.close(graph, step, attempt, Attempt.Outcome.FAILED, spent, outcome.error)
        step.failures += 1
        _after_failure(moves, graph, step, outcome.error)
    elif isinstance(outcome, Released):
        moves.close(graph, step, attempt, Attempt.Outcome.RELEASED, spent)
        moves.give_back(graph, step)
    elif isinstance(outcome, Snoozed):
        moves.close(graph, step, attempt, Attempt.Outcome.RELEASED, spent, outcome.error)
        moves.retry_step(graph, step, outcome.error, in_seconds=outcome.seconds)


def _with_lists(graph: Graph, claim: Claim, outcome: Succeeded) -> Succeeded | Failed:
    """``outcome``; `Failed` when steps go through a list in it that is not there, or too long. What it was
    made of is not used again then."""
    try:
        for gathering in graph.over(claim.step):
            fan_out.list_in(gathering.over, outcome.output)
    except InvalidOutput as error:
        gate.reject(claim.step.pk, claim.used)
        return Failed(error)
    return outcome


def _after_failure(moves: Moves, graph: Graph, step: Step, error: JobError) -> None:
    decision = decide(
        error=error,
        attempt_on_provider=step.failures,
        providers_left=len(chain.providers()) - 1 - step.provider_index,
        optional=step.optional,
        max_retries=settings.PROCESSING_MAX_RETRIES,
        base=settings.PROCESSING_RETRY_BASE,
        jitter=random.random,
    )
    if isinstance(decision, RetryIn):
        moves.retry_step(graph, step, error, in_seconds=decision.seconds)
    elif isinstance(decision, NextProvider):
        step.provider_index += 1
        step.failures = 0
        moves.retry_step(graph, step, error, in_seconds=decision.seconds)
    else:
        moves.fail_step(graph, step, error)


def _load_outputs(claims: Sequence[Claim]) -> None:
    needed = {(one.job.pk, name): one for one in claims for name in one.step.depends_on}
    if not needed:
        return
    rows = Step.objects.filter(
        job_id__in={job_id for job_id, _ in needed}, name__in={name for _, name in needed}
    ).values_list("job_id", "name", "output")
    outputs = {(job_id, name): output for job_id, name, output in rows}
    for one in claims:
        one.outputs.update({name: outputs[one.job.pk, name] for name in one.step.depends_on})


def _load_items(claims: Sequence[Claim]) -> None:
    if not claims:
        return
    items = dict(Step.objects.filter(pk__in=[one.step.pk for one in claims]).values_list("pk", "item"))
    for one in claims:
        one.step.item = items[one.step.pk]


def _load_gathered(claims: Sequence[Claim]) -> None:
    if not claims:
        return
    by_parent = {(one.job.pk, one.step.name): one for one in claims}
    rows = Step.objects.filter(
        job_id__in={job_id for job_id, _ in by_parent}, part_of__in={name for _, name in by_parent}
    ).order_by("index")
    for job_id, parent, output in rows.values_list("job_id", "part_of", "output"):
        if (job_id, parent) in by_parent:
            by_parent[job_id, parent].gathered.append(output)


def _load_answers(claims: Sequence[Claim]) -> None:
    again = {one.step.pk: one for one in claims if one.attempt.number > 1}
    if not again:
        return
    calls = ProviderCall.objects.filter(step_id__in=again, rejected=False, answer__isnull=False)
    for call in calls.order_by("id"):
        if call.step_id and call.answer:
            again[call.step_id].answers[call.answer["provider"], call.fingerprint] = call.answer
