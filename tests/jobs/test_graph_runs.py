"""Graphs of any shape with any failures, through the engine: they end as they should, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs import actions, claims, rescue
from jobs.errors import InvalidData
from jobs.graph import Graph
from jobs.kinds import Kind, Nothing, Step, registry, tolerate
from jobs.models import Attempt, Job
from jobs.models import Step as Row
from jobs.outcomes import Failed, Succeeded
from jobs.states import TERMINAL
from tests.jobs.engine import WORKER, job, settle
from tests.kinds.kinds import Anything, nothing

KIND = "test.drawn"
ROUNDS = 200


@dataclass
class World:
    """A kind as it was drawn, and what becomes of its steps.

    ``lengths`` are those of the lists that steps give; ``bad`` the names of the steps and items that fail.
    """

    steps: tuple[Step, ...]
    lengths: dict[str, int]
    bad: set[str]

    def output(self, name: str) -> Any:
        return list(range(self.lengths[name]))

    def ends(self) -> dict[str, bool]:
        """Of each step, whether it completes: worked out from the drawing, not from rows."""
        ends: dict[str, bool] = {}
        by_name = {step.name: step for step in self.steps}
        for step in self.steps:
            may_run = all(
                ends[need] or need in step.tolerates or by_name[need].optional for need in step.depends_on
            )
            items = [f"{step.name}[{i + 1}]" for i in range(self.items(step))] if step.over else []
            well = step.items == "tolerated" or not self.bad.intersection(items)
            ends[step.name] = may_run and well and step.name not in self.bad
        return ends

    def items(self, step: Step) -> int:
        """How many items it has, if it comes to them."""
        source = next(one for one in self.steps if one.name == step.over)
        return self.items(source) if source.over else self.lengths[source.name]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(1, 5))
    steps: list[Step] = []
    for number in range(count):
        before = [step.name for step in steps]
        needs = draw(st.lists(st.sampled_from(before), unique=True, max_size=3)) if before else []
        strict = [name for name in needs if draw(st.integers(0, 2))]
        lists = [name for name in strict if not next(one for one in steps if one.name == name).optional]
        over = draw(st.sampled_from([*lists, ""])) if lists else ""
        steps.append(
            Step(
                f"s{number}",
                f"S{number}",
                nothing,
                depends_on=tuple(name if name in strict else tolerate(name) for name in needs),
                optional=draw(st.integers(0, 3)) == 0,
                over=over,
                items=draw(st.sampled_from(["required", "tolerated"])),
                seconds=0.1,
            )
        )
    loose = [s.name for s in steps if not any(s.name in other.depends_on for other in steps)]
    ends = tuple(name if draw(st.booleans()) else tolerate(name) for name in loose)
    steps.append(Step("end", "End", nothing, depends_on=ends, seconds=0.1))
    lengths = {step.name: draw(st.integers(0, 3)) for step in steps}
    names = [step.name for step in steps] + [f"{s.name}[{i}]" for s in steps if s.over for i in (1, 2, 3)]
    gathering = {step.name for step in steps if step.over}
    bad = draw(st.sets(st.sampled_from([name for name in names if name not in gathering]), max_size=4))
    return World(tuple(steps), lengths, bad)


@contextmanager
def registered(world: World) -> Iterator[None]:
    """The drawn kind, while it is tried; and nothing of it remains."""
    registry._kinds[KIND] = Kind(KIND, "Drawn", "Drawn.", Nothing, Anything, world.steps)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        del registry._kinds[KIND]


def graph_of(made: Job) -> Graph:
    return Graph(Job.objects.get(pk=made.pk), Row.objects.of_jobs([made.pk])[made.pk])


def run(made: Job, world: World, data: st.DataObject, *, may_cancel: bool = False) -> None:
    """Claims, crashes, settles and cancels until nothing moves any more."""
    crashed: set[str] = set()
    for _ in range(ROUNDS):
        held = claims.claim(WORKER, data.draw(st.integers(1, 3)), 1)
        if not held:
            return
        for claim in held:
            check_claim(made, claim.step)
            if may_cancel and data.draw(st.integers(0, 9)) == 0:
                actions.cancel(Job.objects.get(pk=made.pk))
                may_cancel = False
            if claim.step.name not in crashed and data.draw(st.integers(0, 4)) == 0:
                crashed.add(claim.step.name)
                crash()
            else:
                finish(claim, world)
    raise AssertionError("the job does not end")


def crash() -> None:
    Row.objects.filter(status="processing").update(lease_until=timezone.now() - timedelta(seconds=1))
    rescue.rescue_expired()


def finish(claim: claims.Claim, world: World) -> None:
    name = claim.step.name
    if name in world.bad:
        settle(claim, Failed(InvalidData("No.")))
        return
    output = claim.gathered if claim.gathers else world.output(claim.step.part_of or name)
    settle(claim, Succeeded(output))


def check_claim(made: Job, step: Row) -> None:
    """What is claimed has never been completed, and all it depends on is over, as it must be."""
    by_name = {one.name: one for one in graph_of(made).steps}
    won = Attempt.objects.filter(step=step, outcome=Attempt.Outcome.SUCCEEDED)
    assert not won.exists(), f"{step.name} runs again"
    for name in step.depends_on:
        needed = by_name[name]
        assert needed.status in TERMINAL, f"{step.name} runs before {name} is over"
        assert needed.status == "completed" or needed.optional or name in step.tolerates
    items = [one for one in by_name.values() if one.part_of == step.name]
    assert all(one.status == "completed" or (one.optional and one.status == "failed") for one in items)


def check_end(made: Job, world: World) -> None:
    graph = graph_of(made)
    statuses = {step.name: step.status for step in graph.steps if not step.part_of}
    assert {name: status == "completed" for name, status in statuses.items()} == world.ends()
    assert all(step.status in TERMINAL for step in graph.steps), "something waits for ever"
    assert graph.job.status == ("completed" if world.ends()["end"] else "failed")
    assert bool(graph.job.error_code) == (graph.job.status == "failed")
    if graph.job.status == "completed":
        assert graph.job.degraded == any(step.status == "failed" for step in graph.steps)


TRIED = settings(
    max_examples=30,
    phases=(Phase.reuse, Phase.generate),  # a smaller example costs minutes to find, each run a second
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.django_db
@TRIED
@given(world=worlds(), data=st.data())
def test_it_ends_as_its_edges_say_and_a_retry_does_the_rest(world, data):
    with registered(world):
        made = job("drawn")
        run(made, world, data)
        check_end(made, world)
        if graph_of(made).job.status == "failed":
            done = set(Attempt.objects.filter(outcome="succeeded").values_list("step__name", flat=True))
            world.bad.clear()
            actions.retry(Job.objects.get(pk=made.pk))
            run(made, world, data)
            assert graph_of(made).job.status == "completed"
            assert done <= {step.name for step in graph_of(made).steps if step.status == "completed"}


@pytest.mark.django_db
@TRIED
@given(world=worlds(), data=st.data())
def test_it_ends_when_it_is_cancelled_anywhere_and_goes_on_from_there(world, data):
    with registered(world):
        made = job("drawn")
        run(made, world, data, may_cancel=True)
        assert graph_of(made).job.status in TERMINAL
        assert all(step.status in TERMINAL for step in graph_of(made).steps)
        if graph_of(made).job.status != "completed":
            world.bad.clear()
            actions.retry(Job.objects.get(pk=made.pk))
            run(made, world, data)
            assert graph_of(made).job.status == "completed"
