"""Where steps stand when a job's graph is drawn."""

from __future__ import annotations

from typing import Any

from jobs.drawing import Column, columns
from jobs.kinds import registry


def step(name: str, *needs: str, status: str = "pending") -> dict[str, Any]:
    return {"name": name, "depends_on": list(needs), "status": status}


def names(drawn: list[Column]) -> list[list[str]]:
    return [[slot.key for slot in column.slots] for column in drawn]


def test_it_draws_a_meeting_in_four_columns() -> None:
    steps = [step(one.name, *one.depends_on) for one in registry.get("meeting").steps]

    assert names(columns(steps)) == [
        ["parse"],
        ["sample"],
        ["content", "delivery", "communication"],
        ["report"],
    ]


def test_it_leaves_out_lines_that_follow_from_others() -> None:
    drawn = columns([step("a"), step("b", "a"), step("c", "a", "b")])

    assert [len(column.lines) for column in drawn] == [0, 1, 1]


def test_it_gives_a_line_that_passes_a_column_a_lane_there() -> None:
    drawn = columns([step("a"), step("b"), step("c", "b"), step("d", "a", "c")])

    assert names(drawn) == [["a", "b"], ["c", "a-d"], ["d"]]
    assert [(line.start, line.end) for line in drawn[1].lines] == [(75, 25), (25, 75)]
    assert [(line.start, line.end) for line in drawn[2].lines] == [(75, 50), (25, 50)]


def test_it_lights_lines_up_as_the_work_goes_on() -> None:
    steps = [
        step("a", status="completed"),
        step("b", "a", status="processing"),
        step("c", "a"),
        step("d", "b", "c"),
    ]
    drawn = columns(steps)

    assert [line.state for line in drawn[1].lines] == ["flowing", "done"]
    assert [line.state for line in drawn[2].lines] == ["", ""]


def test_it_draws_nothing_of_no_steps() -> None:
    assert columns([]) == []
