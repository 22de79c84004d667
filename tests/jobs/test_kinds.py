from __future__ import annotations

import pytest

from jobs.errors import UnknownKind
from jobs.kinds import BadGraph, Kind, KindTaken, Nothing, Registry, Step, registry, tolerate
from tests.kinds.kinds import Anything, nothing


def kind(*steps: Step, name: str = "k") -> Kind:
    return Kind(name, "K", "A kind.", Nothing, Anything, steps)


def step(name: str, *needs: str) -> Step:
    return Step(name, name.title(), nothing, depends_on=needs)


def test_it_refuses_a_circle_and_names_it():
    with pytest.raises(BadGraph, match=r"wait for each other: .*a.*b"):
        kind(step("a", "b"), step("b", "a"), step("c", "a", "b"))


def test_it_refuses_a_dependency_that_is_no_step():
    with pytest.raises(BadGraph, match="'ghost', which is no step"):
        kind(step("a", "ghost"))


def test_it_refuses_a_last_step_that_does_not_see_all_others():
    with pytest.raises(BadGraph, match="it does not on b"):
        kind(step("a"), step("b"), step("c", "a"))


@pytest.mark.parametrize("steps", [(), (step("a"), step("a"))])
def test_it_refuses_no_steps_and_two_of_one_name(steps):
    with pytest.raises(BadGraph):
        kind(*steps)


def test_it_refuses_a_second_kind_of_the_same_name():
    kinds = Registry()
    kinds.register(kind(step("a")))
    with pytest.raises(KindTaken, match="Two kinds are called 'k'"):
        kinds.register(kind(step("a")))


def test_it_names_the_kinds_there_are_when_asked_for_another():
    with pytest.raises(UnknownKind, match=r"no kind 'nonsense'.*test\.noop"):
        registry.get("nonsense")


def test_it_finds_the_kinds_of_installed_apps_by_itself():
    assert "test.chain" in registry


def fan(over: str, *needs: str, optional_source: bool = False) -> tuple[Step, ...]:
    return (
        Step("split", "Split", nothing, optional=optional_source),
        Step("score", "Score", nothing, depends_on=needs, over=over),
        Step("end", "End", nothing, depends_on=("split", "score")),
    )


def test_it_takes_a_step_that_goes_through_a_list():
    assert kind(*fan("split.parts", "split")).step("score").over_step == "split"


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (fan("split"), "so it must depend on it"),
        (fan("split", tolerate("split")), "so it can't do without it"),
        (fan("split", "split", optional_source=True), "so it can't do without it"),
        (fan("split", "split")[:2], "let one come after it"),
        ((step("score[1]"),), "in its name"),
        ((step("a.b"),), "in its name"),
    ],
)
def test_it_refuses_a_list_that_can_not_be_gone_through(steps, why):
    with pytest.raises(BadGraph, match=why):
        kind(*steps)
