from __future__ import annotations

from decimal import Decimal

import pytest

from jobs.estimates import progress, remaining_seconds
from jobs.graph import Graph
from jobs.models import Job, Step
from jobs.states import Status


def step(name: str, status: str, *needs: str, **fields) -> Step:
    return Step(name=name, status=status, depends_on=list(needs), **fields)


def graph(*steps: Step, job: str = Status.PROCESSING) -> Graph:
    return Graph(Job(status=job), steps)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (("completed", "completed"), "completed"),
        (("completed", "processing"), "processing"),
        (("completed", "queued"), "processing"),
        (("queued", "pending"), "queued"),
        (("completed", "retrying"), "retrying"),
        (("failed", "pending"), "failed"),
        (("completed", "cancelled"), "cancelled"),
        (("failed", "cancelled"), "cancelled"),
        (("failed", "processing"), "processing"),
        (("pending", "pending"), "pending"),
    ],
)
def test_it_follows_its_steps(steps, status):
    assert graph(step("a", steps[0]), step("b", steps[1], "a")).status() == status


def test_it_has_steps_ready_whose_needs_are_done():
    ready = graph(
        step("a", "completed"), step("b", "pending", "a"), step("c", "pending", "b"), step("d", "pending")
    ).ready()
    assert [one.name for one in ready] == ["b", "d"]


def test_it_does_not_wait_for_a_failed_optional_step():
    assert graph(step("a", "failed", optional=True), step("b", "pending", "a")).ready()


def test_it_waits_for_a_failed_step_that_is_needed():
    assert not graph(step("a", "failed"), step("b", "pending", "a")).ready()


def test_it_does_not_wait_for_a_failed_step_that_it_tolerates():
    steps = [step("a", "failed"), step("b", "pending", "a", tolerates=["a"]), step("c", "pending", "a")]
    assert [one.name for one in graph(*steps).ready()] == ["b"]


def test_it_gives_up_what_can_never_run_once_all_it_needs_is_over():
    steps = [step("a", "failed"), step("b", "processing"), step("c", "pending", "a", "b")]
    assert graph(*steps).doomed() == []
    steps[1].status = "completed"
    ((doomed, cause),) = graph(*steps).doomed()
    assert (doomed.name, cause.name) == ("c", "a")


def test_it_is_lost_only_when_its_last_step_is():
    failed = step("a", "failed")
    between = step("b", "pending", "a")
    assert graph(failed, between, step("c", "pending", "b")).is_lost()
    assert not graph(failed, between, step("c", "pending", "b", tolerates=["b"])).is_lost()


def test_it_redoes_only_what_its_last_step_still_needs():
    steps = [
        step("a", "failed", optional=True),
        step("b", "completed", "a"),
        step("c", "failed", "b"),
        step("d", "failed", "c"),
    ]
    assert {one.name for one in graph(*steps).to_redo()} == {"c", "d"}


def test_it_does_not_know_the_cost_when_one_answer_has_no_known_price():
    priced = step("a", "completed", provider="openai", cost_usd=Decimal("0.5"))
    unpriced = step("b", "completed", provider="other", cost_usd=None)
    assert graph(priced, step("c", "pending")).cost() == Decimal("0.5")
    assert graph(priced, unpriced).cost() is None


def test_it_weighs_progress_by_how_long_steps_take():
    steps = [
        step("a", "completed", predicted_seconds=1.0),
        step("b", "processing", predicted_seconds=3.0, progress=0.5),
    ]
    assert progress(steps) == pytest.approx(2.5 / 4)


def test_it_takes_the_longest_path_for_the_time_left():
    steps = [
        step("a", "processing", predicted_seconds=4.0, progress=0.5),
        step("b", "pending", "a", predicted_seconds=10.0),
        step("c", "pending", "a", predicted_seconds=3.0),
        step("d", "pending", "b", "c", predicted_seconds=1.0),
    ]
    assert remaining_seconds(steps) == pytest.approx(2 + 10 + 1)
