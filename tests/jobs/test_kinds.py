from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from jobs.errors import UnknownKind
from jobs.kinds import Kind, Nothing, Registry, Step, registry
from tests.kinds.kinds import Anything, nothing


def kind(*steps: Step, name: str = "k") -> Kind:
    return Kind(name, "K", "A kind.", Nothing, Anything, steps)


def step(name: str, *needs: str) -> Step:
    return Step(name, name.title(), nothing, depends_on=needs)


def test_it_refuses_a_circle_and_names_it():
    with pytest.raises(ImproperlyConfigured, match=r"wait for each other: .*a.*b"):
        kind(step("a", "b"), step("b", "a"), step("c", "a", "b"))


def test_it_refuses_a_dependency_that_is_no_step():
    with pytest.raises(ImproperlyConfigured, match="'ghost', which is no step"):
        kind(step("a", "ghost"))


def test_it_refuses_a_last_step_that_does_not_see_all_others():
    with pytest.raises(ImproperlyConfigured, match="it does not on b"):
        kind(step("a"), step("b"), step("c", "a"))


@pytest.mark.parametrize("steps", [(), (step("a"), step("a"))])
def test_it_refuses_no_steps_and_two_of_one_name(steps):
    with pytest.raises(ImproperlyConfigured):
        kind(*steps)


def test_it_refuses_a_second_kind_of_the_same_name():
    kinds = Registry()
    kinds.register(kind(step("a")))
    with pytest.raises(ImproperlyConfigured, match="Two kinds are called 'k'"):
        kinds.register(kind(step("a")))


def test_it_names_the_kinds_there_are_when_asked_for_another():
    with pytest.raises(UnknownKind, match=r"no kind 'nonsense'.*test\.noop"):
        registry.get("nonsense")


def test_it_finds_the_kinds_of_installed_apps_by_itself():
    assert "test.chain" in registry
