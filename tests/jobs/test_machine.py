"""Everything that can happen to jobs, in any order: the invariants of the architecture must hold."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs import actions, claims, live, needs, rescue
from jobs.claims import Claim, Settlement
from jobs.context import StepContext
from jobs.errors import InvalidData, NotAllowedNow, ProviderUnavailable, SubmitError
from jobs.graph import Graph
from jobs.kinds import registry
from jobs.ledger import Spent
from jobs.models import Attempt, Job, Step, Worker
from jobs.needs import Need
from jobs.outcomes import Failed, Outcome, Released, Succeeded
from jobs.states import ACTIVE, REQUEUEABLE, TERMINAL, Status
from jobs.transitions import Moves
from realtime.models import Event, Stream
from tests.jobs.engine import job

KINDS = ("noop", "chain", "diamond", "optional", "edges", "fan", "tolerant_fan")
WELL = Succeeded({"ok": True, "parts": [1, 2]})


class Engine(RuleBasedStateMachine):
    """Three people, two workers at a time, and a world that kills, cancels and forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.workers: list[UUID] = [uuid4(), uuid4()]
        self.held: dict[UUID, list[Claim]] = defaultdict(list)
        self.ghosts: list[Claim] = []
        self.ended: dict[UUID, str] = {}
        self.shown: dict[tuple[int, int], float] = {}
        self.succeeded: dict[int, int] = {}

    def teardown(self) -> None:
        try:
            self.run_dry()
            self.holds()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    # What people do

    @rule(kind=st.sampled_from(KINDS), owner=st.sampled_from(["alice", "bob", "charlie"]))
    def submit(self, kind: str, owner: str) -> None:
        job(kind, owner)

    @precondition(lambda self: Job.objects.exists())
    @rule(data=st.data(), on_failure=st.sampled_from(["fail", "continue"]), hours=st.integers(0, 1))
    def submit_after(self, data: st.DataObject, on_failure: str, hours: int) -> None:
        chosen = self._any_job(data)
        try:
            job(
                "noop",
                chosen.owner.username,
                depends_on=[Need(chosen.pk, on_failure=on_failure)],
                run_at=timezone.now() + timedelta(hours=hours),
            )
        except SubmitError:
            assert chosen.status in (Status.FAILED, Status.CANCELLED)

    @rule()
    def left_behind_go_on(self) -> None:
        Moves.let_go(needs.left_behind())

    @precondition(lambda self: Job.objects.exists())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        chosen = self._any_job(data)
        was = chosen.status
        try:
            actions.cancel(chosen)
        except NotAllowedNow:
            assert was in TERMINAL
        else:
            assert was in ACTIVE

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        chosen = self._any_job(data)
        try:
            actions.retry(chosen)
        except NotAllowedNow:
            blocked = chosen.needs.filter(needed__status__in=REQUEUEABLE, on_failure="fail").exists()
            assert blocked or chosen.status not in (Status.FAILED, Status.CANCELLED)
        else:
            del self.ended[chosen.pk]

    @precondition(lambda self: Job.objects.exists())
    @rule(data=st.data(), priority=st.sampled_from(["low", "normal", "high", "urgent"]))
    def prioritise(self, data: st.DataObject, priority: str) -> None:
        chosen = self._any_job(data)
        try:
            actions.reprioritise(chosen, priority)
        except NotAllowedNow:
            assert chosen.status in TERMINAL

    # What workers do

    @rule(data=st.data(), slots=st.integers(1, 3))
    def claim(self, data: st.DataObject, slots: int) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        claims.wake_due()
        taken = claims.claim(worker, slots, 1)
        assert len(taken) <= slots
        self.held[worker] += taken

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), how=st.sampled_from(["well", "well", "transient", "permanent", "released"]))
    def finish(self, data: st.DataObject, how: str) -> None:
        outcomes: dict[str, Outcome] = {
            "well": WELL,
            "transient": Failed(ProviderUnavailable(retry_after=1)),
            "permanent": Failed(InvalidData("No.")),
            "released": Released(),
        }
        self._settle(self._take(data), outcomes[how])

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), fraction=st.floats(0, 1))
    def report(self, data: st.DataObject, fraction: float) -> None:
        worker = data.draw(st.sampled_from([key for key, taken in self.held.items() if taken]))
        claim = data.draw(st.sampled_from(self.held[worker]))
        context = StepContext(claim, registry.get(claim.job.kind), None, None, None, None)
        context.progress(fraction)
        live.tell_progress(context, [context.spent])
        live.keep_progress([context])

    # What goes wrong

    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        self.kill_now(data.draw(st.sampled_from(self.workers)))

    def kill_now(self, worker: UUID) -> None:
        self.workers[self.workers.index(worker)] = uuid4()
        self.ghosts += self.held.pop(worker, [])

    @rule(data=st.data())
    def bury(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        dead = Worker.objects.create(id=worker, host="here", pid=1, slot=0, concurrency=1)
        self.kill_now(worker)
        rescue.bury("here", 0, uuid4())
        assert not Step.objects.filter(worker=dead.pk, status=Status.PROCESSING).exists()
        assert not Attempt.objects.filter(worker=dead.pk, outcome=Attempt.Outcome.RUNNING).exists()

    @rule()
    def leases_run_out(self) -> None:
        Step.objects.filter(status=Status.PROCESSING).exclude(worker__in=self.workers).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        rescue.rescue_expired()

    @precondition(lambda self: self.ghosts)
    @rule(data=st.data())
    def ghost_writes(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.ghosts))
        self.ghosts.remove(claim)
        self._settle(claim, Succeeded({"from": "a ghost"}))

    @rule()
    def time_passes(self) -> None:
        Step.objects.filter(available_at__isnull=False).update(available_at=timezone.now())

    # What must hold

    @invariant()
    def holds(self) -> None:
        graphs = self._graphs()
        for graph in graphs:
            self._job_follows_its_steps(graph)
            self._ends_stay(graph.job)
            self._money_adds_up(graph)
            for step in graph.steps:
                self._step_is_sound(step)
        self._log_is_gapless_and_true(graphs)

    def run_dry(self) -> None:
        """Every job that was accepted ends, once workers stay alive and time passes."""
        for _ in range(200):
            self.left_behind_go_on()
            self.leases_run_out()
            self.time_passes()
            claims.wake_due()
            for worker in self.workers:
                self.held[worker] += claims.claim(worker, 10, 1)
            held = [claim for taken in self.held.values() for claim in taken]
            if not held and not Job.objects.filter(status__in=ACTIVE).exists():
                return
            self.held.clear()
            for claim in held:
                self._settle(claim, WELL)
            self.ghosts.clear()
        raise AssertionError(f"not over: {list(Job.objects.filter(status__in=ACTIVE))}")

    def _job_follows_its_steps(self, graph: Graph) -> None:
        assert graph.job.status == graph.status()
        assert (graph.job.finished_at is not None) == (graph.job.status in TERMINAL)
        assert hasattr(graph.job, "result_row") == (graph.job.status == Status.COMPLETED)
        if graph.job.status in ACTIVE:
            moving = {Status.QUEUED, Status.PROCESSING, Status.RETRYING}
            waits = graph.job.status == Status.PENDING and (
                graph.job.pk in needs.left_behind()
                or graph.job.needs.filter(needed__status__in=ACTIVE).exists()
                or graph.steps[0].available_at is not None
            )
            moves = any(step.status in moving for step in graph.steps)
            assert waits or moves, "nothing will ever move this job"

    def _money_adds_up(self, graph: Graph) -> None:
        paid = [one.cost_usd for step in graph.steps for one in step.history.all() if one.cost_usd]
        assert graph.job.cost_usd == sum(paid, Decimal(0)), "the job's cost is not that of its attempts"

    def _ends_stay(self, job: Job) -> None:
        if job.pk in self.ended:
            assert job.status == self.ended[job.pk], "an end was left without a requeue"
        elif job.status in TERMINAL:
            self.ended[job.pk] = job.status

    def _step_is_sound(self, step: Step) -> None:
        history = list(step.history.all())
        wins = [one.number for one in history if one.outcome == Attempt.Outcome.SUCCEEDED]
        assert len(wins) == (step.status == Status.COMPLETED), "a step is completed by exactly one attempt"
        if wins:
            assert wins[0] == len(history), "a completed step ran again"
        running = [one.number for one in history if one.outcome == Attempt.Outcome.RUNNING]
        if step.status == Status.PROCESSING:
            assert step.attempts in running
            assert step.lease_until is not None
        key = (step.pk, step.attempts)
        if step.status == Status.PROCESSING:
            assert step.progress >= self.shown.get(key, 0.0), "progress went back within an attempt"
            self.shown[key] = step.progress

    def _log_is_gapless_and_true(self, graphs: list[Graph]) -> None:
        last: dict[str, Any] = {}
        for stream in Stream.objects.all():
            events = list(Event.objects.filter(stream=stream).order_by("seq"))
            assert [event.seq for event in events] == list(range(1, stream.seq + 1))
            for event in events:
                data = json.loads(event.frame)["data"]
                if "job" in data:
                    last[data["job"]["id"]] = data["job"]
        for graph in graphs:
            told = last[str(graph.job.pk)]
            assert told["status"] == graph.job.status, "the events tell another status than the database"
            alone = {step.name: step.status for step in graph.steps if not step.over and not step.part_of}
            assert {one["name"]: one["status"] for one in told["steps"] if one["name"] in alone} == alone

    def _graphs(self) -> list[Graph]:
        steps: dict[UUID, list[Step]] = defaultdict(list)
        for step in Step.objects.prefetch_related("history").order_by("position", "index"):
            steps[step.job_id].append(step)
        return [Graph(one, steps[one.pk]) for one in Job.objects.select_related("result_row")]

    def _any_job(self, data: st.DataObject) -> Job:
        ids = list(Job.objects.order_by("created_at", "id").values_list("pk", flat=True))
        return Job.objects.get(pk=ids[data.draw(st.integers(0, len(ids) - 1))])

    def _take(self, data: st.DataObject) -> Claim:
        worker = data.draw(st.sampled_from([key for key, taken in self.held.items() if taken]))
        index = data.draw(st.integers(0, len(self.held[worker]) - 1))
        return self.held[worker].pop(index)

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        claims.settle([Settlement(claim, outcome, Spent("openai", "model", 10, 5, Decimal("0.25")))])


@pytest.mark.django_db
def test_it_holds_whatever_happens_in_whatever_order() -> None:
    run_state_machine_as_test(
        Engine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
