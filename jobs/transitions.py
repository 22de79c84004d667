"""The only writer of a status: moves of jobs and steps, written together with the events they are.

All moves go through a `Moves` inside one transaction. It locks the jobs first (on SQLite the IMMEDIATE
transaction does), so what it compares is still so when it writes; whoever comes later is told "no".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jobs import estimates, ledger, queue, standings
from jobs.errors import JobError
from jobs.graph import Graph, over
from jobs.ledger import Spent
from jobs.models import Attempt, Job, JobResult, Step
from jobs.notices import notice
from jobs.outcomes import Succeeded
from jobs.presentation import job_data, owner_stream
from jobs.providers.characters import storable
from jobs.sql import update_rows
from jobs.states import REQUEUEABLE, TERMINAL, Priority, Status, allowed
from notifications.dispatch import Notice, notify_many
from realtime.log import NewEvent, publish_many

STEP_FIELDS = (
    "status", "priority", "rank", "progress", "stage", "attempts", "failures", "provider_index", "worker",
    "lease_until", "available_at", "queued_at", "started_at", "finished_at", "provider", "model",
    "tokens_in", "tokens_out", "cost_usd", "quality", "degraded", "error_code", "error_message",
    "error_retryable",
)  # fmt: skip
SPENT_FIELDS = ("provider", "model", "tokens_in", "tokens_out", "cost_usd")
JOB_FIELDS = (
    "status", "priority", "progress", "stage", "cost_usd", "quality", "degraded", "offline", "error_code",
    "error_message", "error_retryable", "error_recovery", "started_at", "finished_at",
)  # fmt: skip
ATTEMPT_FIELDS = (
    "finished_at", "outcome", "provider", "model", "tokens_in", "tokens_out", "cost_usd", "error_code",
    "error_class", "error_message", "error_detail",
)  # fmt: skip


@dataclass(slots=True)
class Moves:
    """Moves of the steps and jobs of some locked jobs, until `write`.

    Use inside ``transaction.atomic()``. Each move says whether it won: False means that the table of
    transitions does not allow it from where the row stands now, and nothing was changed.
    """

    graphs: dict[UUID, Graph]
    now: datetime = field(default_factory=timezone.now)
    _news: list[tuple[Graph, str, dict[str, Any]]] = field(default_factory=list)
    _jobs: dict[UUID, Job] = field(default_factory=dict)
    _steps: dict[int, Step] = field(default_factory=dict)
    _queued: list[Step] = field(default_factory=list)
    _returned: list[Step] = field(default_factory=list)
    _charged: dict[int, Step] = field(default_factory=dict)
    _ranked: dict[int, Step] = field(default_factory=dict)
    _outputs: list[Step] = field(default_factory=list)
    _results: list[JobResult] = field(default_factory=list)
    _opened: list[Attempt] = field(default_factory=list)
    _closed: list[Attempt] = field(default_factory=list)

    @classmethod
    def of(cls, job_ids: Iterable[UUID]) -> Moves:
        """Locks the jobs with these ids, in the order of their ids, and loads their steps."""
        jobs = Job.objects.select_for_update().defer("input").filter(id__in=set(job_ids)).order_by("id")
        return cls.of_locked(jobs)

    @classmethod
    def of_locked(cls, jobs: Iterable[Job]) -> Moves:
        """The same for jobs that the caller has locked, or has just made, in this transaction."""
        by_id = {job.id: job for job in jobs}
        steps = Step.objects.of_jobs(by_id)
        return cls({job_id: Graph(job, steps[job_id]) for job_id, job in by_id.items()})

    def find(self, job_id: UUID, step_id: int) -> tuple[Graph, Step] | None:
        """The step and its graph; None when the job has been deleted."""
        graph = self.graphs.get(job_id)
        if graph is None:
            return None
        return graph, graph.with_id(step_id)

    # Moves of a step

    def enqueue(self, graph: Graph) -> None:
        """Queues every step of ``graph`` that has all it needs."""
        for step in graph.ready():
            self.queue_step(graph, step)

    def queue_step(self, graph: Graph, step: Step) -> bool:
        """Gives ``step`` a place in the queue: a new one, or the one it had before it was claimed."""
        had_a_place = step.status != Status.PENDING
        if not self._move(step, Status.QUEUED):
            return False
        step.queued_at, step.available_at = self.now, None
        step.worker = step.lease_until = None
        (self._returned if had_a_place else self._queued).append(step)
        return self._settle_job(graph)

    def start(self, graph: Graph, step: Step, worker: UUID, lease_until: datetime) -> Attempt | None:
        """Hands ``step`` to ``worker``; the attempt it begins, or None when the move lost."""
        if not self._move(step, Status.PROCESSING):
            return None
        step.attempts += 1
        step.worker, step.lease_until = worker, lease_until
        step.started_at, step.finished_at = self.now, None
        step.progress, step.stage = 0.0, ""
        graph.job.stage = step.title
        attempt = Attempt(step=step, number=step.attempts, worker=worker, started_at=self.now)
        self._opened.append(attempt)
        self._settle_job(graph)
        self._tell(graph, "job.step_started", step=step.name, attempt=step.attempts)
        return attempt

    def complete(self, graph: Graph, step: Step, attempt: Attempt, outcome: Succeeded, spent: Spent) -> bool:
        """Ends ``step`` well, keeps what it gave and queues the steps that waited for it."""
        if not self._move(step, Status.COMPLETED):
            return False
        step.finished_at = self.now
        step.worker = step.lease_until = None
        self.close(graph, step, attempt, Attempt.Outcome.SUCCEEDED, spent)
        step.progress, step.quality = 1.0, {**step.quality, **outcome.quality}
        step.degraded = outcome.degraded or step.provider_index > 0
        step.error_code = step.error_message = ""
        graph.job.offline = graph.job.offline or spent.offline
        self._keep(graph, step, outcome.output)
        self._tell(graph, "job.step_completed", step=step.name)
        self.enqueue(graph)
        return self._settle_job(graph)

    def retry_step(self, graph: Graph, step: Step, error: JobError, *, in_seconds: float) -> bool:
        """Lets ``step`` wait ``in_seconds`` for its next attempt."""
        if not self._move(step, Status.RETRYING):
            return False
        self._note(step, error)
        step.available_at = self.now + timedelta(seconds=in_seconds)
        step.worker = step.lease_until = None
        self._settle_job(graph)
        self._tell_again(graph, step, error, in_seconds)
        return True

    def give_back(self, graph: Graph, step: Step) -> bool:
        """Queues ``step`` again: it was given back unharmed, or its time has come."""
        if not self.queue_step(graph, step):
            return False
        self._tell(graph, "job.queued", step=step.name)
        return True

    def take_back(self, graph: Graph, step: Step, error: JobError) -> bool:
        """Queues ``step`` again at once, because its worker is gone."""
        if not self.queue_step(graph, step):
            return False
        self._tell_again(graph, step, error, 0.0)
        return True

    def fail_step(self, graph: Graph, step: Step, error: JobError) -> bool:
        """Gives ``step`` up. An optional one lets the job go on, degraded; another ends it."""
        if not self._move(step, Status.FAILED):
            return False
        self._note(step, error)
        step.finished_at = self.now
        step.worker = step.lease_until = None
        if not step.optional and not graph.job.error_code:
            self._note(graph.job, error)
            graph.job.error_recovery = list(error.recovery)
        self._tell(graph, "job.step_failed", step=step.name)
        self.enqueue(graph)
        return self._settle_job(graph)

    # Moves of a whole job

    def cancel(self, graph: Graph) -> bool:
        """Stops the job and every step of it that is not over."""
        if not allowed(graph.job.status, Status.CANCELLED):
            return False
        for step in graph.steps:
            if not over(step):
                self._move(step, Status.CANCELLED)
                step.finished_at = self.now
                step.available_at = step.lease_until = None
        return self._settle_job(graph)

    def requeue(self, graph: Graph) -> bool:
        """Gives a failed or cancelled job another go, from the steps that failed or were stopped."""
        job = graph.job
        if job.status not in REQUEUEABLE:
            return False
        job.error_code = job.error_message = ""
        job.error_retryable, job.error_recovery, job.finished_at = False, [], None
        for step in graph.steps:
            if step.status in REQUEUEABLE:
                self._move(step, Status.PENDING)
                _renew(step)
        job.progress = estimates.progress(graph.steps)
        self.enqueue(graph)
        self._tell(graph, "job.requeued")
        return True

    def prioritise(self, graph: Graph, priority: Priority) -> bool:
        """Changes the head start of a job that is not over, and of its steps in the queue."""
        if graph.job.status in TERMINAL:
            return False
        graph.job.priority = priority
        for step in graph.steps:
            step.rank = queue.moved_rank(step, priority)
            step.priority = priority
            self._ranked[step.pk] = step
        self._touch(graph)
        self._tell(graph, "job.priority_changed")
        return True

    def submit(self, graph: Graph) -> None:
        """A new job: queues its first steps, and tells."""
        self.enqueue(graph)
        self._touch(graph)
        self._tell(graph, "job.queued")

    # What comes with them

    def close(
        self,
        graph: Graph,
        step: Step,
        attempt: Attempt,
        outcome: str,
        spent: Spent,
        error: JobError | None = None,
    ) -> None:
        """Ends ``attempt`` and charges what it spent, whatever became of its step."""
        attempt.finished_at, attempt.outcome = self.now, outcome
        ledger.charge(step, attempt, spent)
        self._charged[step.pk] = step
        self._touch(graph)
        if error is not None:
            attempt.error_code, attempt.error_class = error.code, error.error_class
            attempt.error_message = storable(error.message)
            attempt.error_detail = storable(error.detail)[:20_000]
        self._closed.append(attempt)

    def write(self) -> None:
        """Writes all of it: statuses, attempts, results, events, notifications. Once."""
        queue.assign_ranks(self._queued)
        Attempt.objects.bulk_create(self._opened)
        update_rows(self._closed, ATTEMPT_FIELDS, [("outcome", Attempt.Outcome.RUNNING)])
        update_rows(self._steps.values(), STEP_FIELDS)
        update_rows([step for pk, step in self._charged.items() if pk not in self._steps], SPENT_FIELDS)
        update_rows(self._ranked.values(), ("rank", "priority"))
        update_rows(self._outputs, ("output",))
        update_rows(self._jobs.values(), JOB_FIELDS)
        JobResult.objects.bulk_create(self._results)
        publish_many(self._events())
        notify_many(self._notices())
        if self._queued or self._returned:
            transaction.on_commit(queue.ring)

    def _move(self, step: Step, status: Status) -> bool:
        if not allowed(step.status, status):
            return False
        step.status = status
        self._steps[step.pk] = step
        return True

    def _settle_job(self, graph: Graph) -> bool:
        """Lets the job follow its steps."""
        job, status = graph.job, graph.status()
        self._touch(graph)
        if job.status == status:
            return True
        if not allowed(job.status, status):
            raise AssertionError(f"job {job.id}: {job.status} may not become {status}")
        job.status = status
        _FOLLOW.get(status, _nothing)(self, graph)
        return True

    def _touch(self, graph: Graph) -> None:
        job = graph.job
        job.progress = max(job.progress, estimates.progress(graph.steps))
        job.cost_usd, job.degraded, job.quality = graph.cost(), graph.degraded(), graph.quality()
        self._jobs[job.id] = job

    def _keep(self, graph: Graph, step: Step, output: Any) -> None:
        if step is graph.last:
            self._results.append(JobResult(job=graph.job, data=output))
        else:
            step.output = output
            self._outputs.append(step)

    def _note(self, row: Job | Step, error: JobError) -> None:
        row.error_code, row.error_message = error.code, storable(error.message)
        row.error_retryable = error.retryable

    def _tell_again(self, graph: Graph, step: Step, error: JobError, in_seconds: float) -> None:
        reason = {"code": error.code, "message": error.message}
        self._tell(graph, "job.step_retrying", step=step.name, in_seconds=round(in_seconds, 1), error=reason)

    def _tell(self, graph: Graph, name: str, **data: Any) -> None:
        self._news.append((graph, name, data))

    def _events(self) -> list[NewEvent]:
        told = {graph.job.id: graph for graph, _, _ in self._news}
        steps = {job_id: graph.steps for job_id, graph in told.items()}
        places = standings.places([graph.job for graph in told.values()], steps)
        drawn = {
            job_id: job_data(graph.job, graph.steps, place=places.get(job_id))
            for job_id, graph in told.items()
        }
        return [
            NewEvent(owner_stream(graph.job), name, {"job": drawn[graph.job.id], **data})
            for graph, name, data in self._news
        ]

    def _notices(self) -> list[Notice]:
        ended = (graph.job for graph, name, _ in self._news if name in ("job.completed", "job.failed"))
        return [told for told in map(notice, ended) if told]


def _started(moves: Moves, graph: Graph) -> None:
    if graph.job.started_at is None:
        graph.job.started_at = moves.now
        moves._tell(graph, "job.started")


def _completed(moves: Moves, graph: Graph) -> None:
    graph.job.finished_at, graph.job.progress, graph.job.stage = moves.now, 1.0, ""
    moves._tell(graph, "job.completed")


def _failed(moves: Moves, graph: Graph) -> None:
    graph.job.finished_at = moves.now
    moves._tell(graph, "job.failed")


def _cancelled(moves: Moves, graph: Graph) -> None:
    graph.job.finished_at = moves.now
    moves._tell(graph, "job.cancelled")


def _renew(step: Step) -> None:
    step.failures = step.provider_index = 0
    step.progress, step.stage, step.finished_at = 0.0, "", None
    step.error_code = step.error_message = ""
    step.error_retryable = False


def _nothing(moves: Moves, graph: Graph) -> None:
    """Most moves of a job need nothing more."""


_FOLLOW: dict[Status, Callable[[Moves, Graph], None]] = {
    Status.PROCESSING: _started,
    Status.COMPLETED: _completed,
    Status.FAILED: _failed,
    Status.CANCELLED: _cancelled,
}
