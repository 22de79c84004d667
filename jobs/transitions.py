"""The only writer of a status: moves of jobs and steps, written together with the events they are.

All moves go through a `Moves` inside one transaction. It locks the jobs first (on SQLite the IMMEDIATE
transaction does), so what it compares is still so when it writes; whoever comes later is told "no".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jobs import estimates, fan_out, ledger, needs, predictions, queue, ranking, standings, tallies
from jobs.errors import DependencyFailed, JobError
from jobs.graph import Graph, over
from jobs.ledger import Spent
from jobs.models import Attempt, Job, JobResult, ResultContent, Step
from jobs.needs import Needed
from jobs.notices import notice
from jobs.outcomes import Succeeded
from jobs.presentation import job_data, owner_stream
from jobs.providers.characters import storable
from jobs.sql import update_rows
from jobs.states import REQUEUEABLE, TERMINAL, UNDER_WAY, Priority, Status, allowed
from notifications.dispatch import Notice, notify_many
from realtime.log import NewEvent, publish_many

STEP_FIELDS = (
    "status", "priority", "rank", "predicted_seconds", "predicted_p90", "progress", "stage", "attempts",
    "failures", "provider_index", "worker", "lease_until", "available_at", "queued_at", "started_at",
    "finished_at", "provider", "model",
    "tokens_in", "tokens_out", "cost_usd", "quality", "degraded", "error_code", "error_message",
    "error_retryable",
)  # fmt: skip
SPENT_FIELDS = ("provider", "model", "tokens_in", "tokens_out", "cost_usd")
JOB_FIELDS = (
    "status", "priority", "progress", "stage", "cost_usd", "quality", "degraded", "offline", "error_code",
    "error_message", "error_retryable", "error_recovery", "started_at", "finished_at", "start_tag",
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
    _steps: dict[int, Step] = field(default_factory=dict)
    _queued: list[Step] = field(default_factory=list)
    _returned: list[Step] = field(default_factory=list)
    _entering: dict[UUID, Graph] = field(default_factory=dict)
    _withdrawn: set[int] = field(default_factory=set)
    _charged: dict[int, Step] = field(default_factory=dict)
    _ranked: dict[int, Step] = field(default_factory=dict)
    _outputs: list[Step] = field(default_factory=list)
    _contents: list[ResultContent] = field(default_factory=list)
    _results: list[JobResult] = field(default_factory=list)
    _opened: list[Attempt] = field(default_factory=list)
    _closed: list[Attempt] = field(default_factory=list)
    _corrected: list[Attempt] = field(default_factory=list)
    _items: list[Step] = field(default_factory=list)
    _gathering: list[Step] = field(default_factory=list)
    _grown: dict[int, float] = field(default_factory=dict)
    _touched: dict[UUID, Graph] = field(default_factory=dict)
    _ended: list[UUID] = field(default_factory=list)
    _taken_back: list[tallies.Ending] = field(default_factory=list)
    _needed: dict[UUID, list[Needed]] | None = None

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

    @classmethod
    def let_go(cls, job_ids: Sequence[UUID]) -> int:
        """Lets those of the pending jobs that wait for no other one any more go on; how many were looked at.

        Those that fail by this are followed by the ones that wait for them, and so on: each round is a
        transaction of its own, so that jobs are always locked in the order of their ids.
        """
        count, waiting = 0, list(job_ids)
        while waiting:
            with transaction.atomic():
                moves = cls.of(waiting[: needs.AT_ONCE])
                for graph in moves.graphs.values():
                    waited = graph.job.status == Status.PENDING
                    moves.begin(graph)
                    if waited and graph.job.status == Status.QUEUED:
                        moves._tell(graph, "job.queued")
                moves._write()
            count += len(moves.graphs)
            waiting = waiting[needs.AT_ONCE :] + needs.waiting_for(moves._ended)
        return count

    # Moves of a step

    def enqueue(self, graph: Graph) -> None:
        """Queues every step of ``graph`` that has all it needs."""
        for step in graph.ready():
            self.queue_step(graph, step)

    def queue_step(self, graph: Graph, step: Step) -> bool:
        """Gives ``step`` its job's place in the queue. With its first step, the job itself gets one."""
        had_a_place = step.status != Status.PENDING
        if not self._move(step, Status.QUEUED):
            return False
        step.queued_at, step.available_at = self.now, None
        predictions.renew(step, graph.job.size)
        step.worker = step.lease_until = None
        (self._returned if had_a_place else self._queued).append(step)
        if not had_a_place and graph.job.status not in UNDER_WAY:
            self._entering[graph.job.id] = graph
        return self._settle_job(graph)

    def start(self, graph: Graph, step: Step, worker: UUID, lease_until: datetime) -> Attempt | None:
        """Hands ``step`` to ``worker``; the attempt it begins, or None when the move lost."""
        if not self._move(step, Status.PROCESSING):
            return None
        step.attempts += 1
        step.worker, step.lease_until = worker, lease_until
        step.started_at, step.finished_at = self.now, None
        step.progress, step.stage, step.quality = 0.0, "", {}
        graph.job.stage = step.title
        attempt = Attempt(
            step=step,
            number=step.attempts,
            kind=step.kind,
            name=predictions.name_of(step),
            size=graph.job.size,
            worker=worker,
            queued_at=step.queued_at,
            started_at=self.now,
        )
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
        self._fan_out(graph, step, outcome.output)
        self._give_up_doomed(graph)
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
        """Gives ``step`` up, and with it those that can't do without it. The others go on."""
        if not self._move(step, Status.FAILED):
            return False
        self._note(step, error)
        step.finished_at = self.now
        step.worker = step.lease_until = None
        if graph.is_lost() and not graph.job.error_code:
            self._note(graph.job, error)
            graph.job.error_recovery = list(error.recovery)
        self._tell(graph, "job.step_failed", step=step.name)
        self._give_up_doomed(graph)
        self.enqueue(graph)
        return self._settle_job(graph)

    # Moves of a whole job

    def cancel(self, graph: Graph) -> bool:
        """Stops the job and every step of it that is not over."""
        if not allowed(graph.job.status, Status.CANCELLED):
            return False
        if graph.job.started_at is None:
            self._withdrawn.add(graph.job.owner_id)
        for step in graph.steps:
            if not over(step):
                self._move(step, Status.CANCELLED)
                step.finished_at = self.now
                step.available_at = step.lease_until = None
        return self._settle_job(graph)

    def requeue(self, graph: Graph) -> bool:
        """Gives a failed or cancelled job another go, from the steps that failed or were stopped."""
        job = graph.job
        if job.status not in REQUEUEABLE or self.blocked(graph):
            return False
        if job.finished_at:
            self._taken_back.append(tallies.Ending(job.kind, job.status, job.finished_at))
        job.error_code = job.error_message = ""
        job.error_retryable, job.error_recovery, job.finished_at = False, [], None
        for step in graph.to_redo():
            if step.status in REQUEUEABLE:
                self._move(step, Status.PENDING)
                _renew(step)
        job.progress = estimates.progress(graph.steps)
        self._settle_job(graph)
        self.begin(graph)
        self._tell(graph, "job.requeued")
        return True

    def prioritise(self, graph: Graph, priority: Priority) -> bool:
        """Changes the head start of a job that is not over, and of its steps in the queue."""
        if graph.job.status in TERMINAL:
            return False
        graph.job.priority = priority
        for step in graph.steps:
            step.priority = priority
            step.rank = ranking.rank(graph.job.start_tag, priority)
            self._ranked[step.pk] = step
        self._touch(graph)
        self._tell(graph, "job.priority_changed")
        return True

    def submit(self, graph: Graph) -> None:
        """A new job: queues its first steps, unless it has to wait, and tells."""
        self._touch(graph)
        self._tell(graph, "job.queued")
        self.begin(graph)

    def reuse(self, graph: Graph, content: UUID) -> None:
        """A new job whose result is known from an earlier one: completes it at once, and tells. It shares the
        content of that."""
        self._tell(graph, "job.queued")
        for step in graph.steps:
            self._move(step, Status.COMPLETED)
            step.progress, step.finished_at = 1.0, self.now
        graph.last.quality = graph.job.quality
        self._results.append(JobResult(job=graph.job, content_id=content))
        self._settle_job(graph)

    def begin(self, graph: Graph) -> None:
        """Queues what can run of a pending job, once the jobs it waits for are over and its time has come.

        When one of those jobs went wrong that it can't do without, it fails.
        """
        job = graph.job
        if job.status != Status.PENDING:
            return
        fatal = self.blocked(graph)
        if fatal:
            self._fail_all(graph, fatal.error())
        elif any(not needed.is_over for needed in self._needs(graph)):
            return
        elif job.run_at and job.run_at > self.now:
            self._put_off(graph, job.run_at)
        else:
            self.enqueue(graph)

    def blocked(self, graph: Graph) -> Needed | None:
        """A job that went wrong and that this one can't do without, if there is one."""
        return next((needed for needed in self._needs(graph) if needed.is_fatal), None)

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

    def correct(self, graph: Graph, step: Step, attempt: Attempt, spent: Spent) -> None:
        """Charges what a closed ``attempt`` really spent: its worker was taken for dead, and stored another
        answer since."""
        if ledger.charge_again(step, attempt, spent):
            self._charged[step.pk] = step
            self._corrected.append(attempt)
            self._touch(graph)

    def write(self) -> None:
        """Writes all of it: statuses, attempts, results, events, notifications. Once.

        Jobs that wait for one that has ended go on after the commit. What is lost between the two is found by
        `jobs.needs.left_behind`.
        """
        self._write()
        waiting = needs.waiting_for(self._ended)
        if waiting:
            transaction.on_commit(partial(type(self).let_go, waiting), robust=True)

    def _write(self) -> None:
        told = {graph.job.id for graph, _, _ in self._news}
        for graph in self._touched.values():
            cost = graph.job.cost_usd
            self._refresh(graph)
            if graph.job.cost_usd != cost and graph.job.status in TERMINAL and graph.job.id not in told:
                self._tell(graph, "job.cost_changed")
        self._rank()
        Step.objects.bulk_create(self._items)
        update_rows(self._gathering, ("asks", "predicted_seconds", "predicted_p90"))
        queue.charge_all(self._grown)
        Attempt.objects.bulk_create(self._opened)
        update_rows(self._closed, ATTEMPT_FIELDS, [("outcome", Attempt.Outcome.RUNNING)])
        update_rows(self._corrected, SPENT_FIELDS)
        update_rows(self._steps.values(), STEP_FIELDS)
        update_rows([step for pk, step in self._charged.items() if pk not in self._steps], SPENT_FIELDS)
        update_rows(self._ranked.values(), ("rank", "priority"))
        update_rows(self._outputs, ("output",))
        update_rows([graph.job for graph in self._touched.values()], JOB_FIELDS)
        queue.refund(self._withdrawn)
        tallies.keep(self._taken_back)
        ResultContent.objects.bulk_create(self._contents)
        JobResult.objects.bulk_create(self._results)
        publish_many(self._events())
        notify_many(self._notices())
        if self._queued or self._returned:
            transaction.on_commit(queue.ring)

    def _rank(self) -> None:
        """Ranks what is queued: all steps of a job by its start tag, so that what has begun goes on first."""
        queue.enter(
            [(graph.job, estimates.slot_seconds_left(graph.steps)) for graph in self._entering.values()]
        )
        for step in (*self._queued, *self._returned):
            step.rank = ranking.rank(self.graphs[step.job_id].job.start_tag, step.priority)

    def _move(self, step: Step, status: Status) -> bool:
        if not allowed(step.status, status):
            return False
        step.status = status
        if step.pk:
            self._steps[step.pk] = step
        return True

    def _fan_out(self, graph: Graph, step: Step, output: Any) -> None:
        """Makes the items of the steps that go through what ``step`` gave, and charges for them."""
        for gathering in graph.over(step):
            items = fan_out.made(gathering, fan_out.list_in(gathering.over, output))
            more = (len(items) - 1) * gathering.predicted_seconds
            self._grown[graph.job.owner_id] = self._grown.get(graph.job.owner_id, 0.0) + max(0.0, more)
            gathering.predicted_seconds = gathering.predicted_p90 = fan_out.GATHERING_SECONDS
            gathering.asks = False
            graph.add(items)
            self._items.extend(items)
            self._gathering.append(gathering)

    def _give_up_doomed(self, graph: Graph) -> None:
        """Fails the steps that can never run any more; what can do without them goes on."""
        while doomed := graph.doomed():
            for step, cause in doomed:
                self._never_run(
                    step, DependencyFailed(f"“{cause.title}” could not be done, and this needs it.")
                )

    def _never_run(self, step: Step, error: JobError) -> None:
        if self._move(step, Status.FAILED):
            self._note(step, error)
            step.finished_at, step.available_at = self.now, None

    def _fail_all(self, graph: Graph, error: JobError) -> None:
        """Ends a job that has not begun."""
        for step in graph.steps:
            self._never_run(step, error)
        self._note(graph.job, error)
        graph.job.error_recovery = list(error.recovery)
        self._settle_job(graph)

    def _put_off(self, graph: Graph, until: datetime) -> None:
        """Lets a job wait for its time; `jobs.claims.wake_due` queues it then."""
        for step in graph.ready():
            step.available_at = until
            self._steps[step.pk] = step
        self._touch(graph)

    def _needs(self, graph: Graph) -> list[Needed]:
        """The jobs that this one waits for. One query for all jobs of these moves, if any of them waits."""
        if not graph.job.depends_on:
            return []
        if self._needed is None:
            self._needed = needs.of_jobs([pk for pk, one in self.graphs.items() if one.job.depends_on])
        return [self._as_it_stands(needed) for needed in self._needed.get(graph.job.id, [])]

    def _as_it_stands(self, needed: Needed) -> Needed:
        moved = self.graphs.get(needed.job_id)
        return replace(needed, status=moved.job.status) if moved else needed

    def _settle_job(self, graph: Graph) -> bool:
        """Lets the job follow its steps."""
        job, status = graph.job, graph.status()
        self._touch(graph)
        if job.status == status:
            return True
        if not allowed(job.status, status):
            raise AssertionError(f"job {job.id}: {job.status} may not become {status}")
        job.status = status
        if status in TERMINAL:
            self._ended.append(job.id)
        _FOLLOW.get(status, _nothing)(self, graph)
        return True

    def _touch(self, graph: Graph) -> None:
        self._touched[graph.job.id] = graph

    def _refresh(self, graph: Graph) -> None:
        """Sums a job's steps up, once for all moves, because a job may have a thousand of them."""
        job = graph.job
        job.progress = max(job.progress, estimates.progress(graph.steps))
        job.cost_usd, job.degraded, job.quality = graph.cost(), graph.degraded(), graph.quality()

    def _keep(self, graph: Graph, step: Step, output: Any) -> None:
        if step is graph.last:
            content = ResultContent(data=output)
            self._contents.append(content)
            self._results.append(JobResult(job=graph.job, content=content))
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
