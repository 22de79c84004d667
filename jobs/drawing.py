"""Where a job's steps stand when its graph is drawn, from left to right. Pure.

A layered drawing (Sugiyama, Tagawa and Toda 1981) without its crossing reduction: graphs are small, and
their authors order the steps. Each step stands one column after the last one it needs. Lines that follow
from others are left out (transitive reduction), and a line that passes a column has a lane of its own in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

StepData = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a column: a step, or (None) the lane of a line that passes."""

    key: str
    step: StepData | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line from a slot of the column before to one of this: heights in percent, and how it looks.

    ``state``: "done" when its step has completed, "flowing" when the next one works on that, else "".
    """

    start: float
    end: float
    state: str

    @property
    def path(self) -> str:
        """An SVG path in a square of 100 by 100."""
        return f"M0 {self.start:g}C50 {self.start:g} 50 {self.end:g} 100 {self.end:g}"


@dataclass(slots=True)
class Column:
    """Steps that are equally far from the start, and the lines that lead to them."""

    slots: list[Slot] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def columns(steps: Sequence[StepData]) -> list[Column]:
    """The columns of the drawing.

    Args:
        steps: the ``steps`` of a job object.
    """
    by_name = {step["name"]: step for step in steps}
    needs = {name: _direct(name, by_name) for name in by_name}
    depth: dict[str, int] = {}
    for name in by_name:
        _find_depth(name, needs, depth)
    drawn = [Column() for _ in range(max(depth.values(), default=-1) + 1)]
    for step in steps:
        drawn[depth[step["name"]]].slots.append(Slot(step["name"], step))
    for name in by_name:
        for needed in needs[name]:
            _open_lanes(drawn, needed, name, depth)
    for name in by_name:
        for needed in needs[name]:
            _draw_line(drawn, by_name[needed], by_name[name], depth)
    return drawn


def _direct(name: str, by_name: Mapping[str, StepData]) -> list[str]:
    """What the step needs, without what that needs anyway."""
    needed = by_name[name]["depends_on"]
    implied = {far for near in needed for far in _all_before(near, by_name)}
    return [one for one in needed if one not in implied]


def _all_before(name: str, by_name: Mapping[str, StepData]) -> set[str]:
    found: set[str] = set()
    waiting = list(by_name[name]["depends_on"])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(by_name[one]["depends_on"])
    return found


def _find_depth(name: str, needs: Mapping[str, list[str]], depth: dict[str, int]) -> int:
    if name not in depth:
        depth[name] = 1 + max((_find_depth(one, needs, depth) for one in needs[name]), default=-1)
    return depth[name]


def _open_lanes(drawn: list[Column], start: str, end: str, depth: Mapping[str, int]) -> None:
    for column in drawn[depth[start] + 1 : depth[end]]:
        column.slots.append(Slot(f"{start}-{end}", None))


def _draw_line(drawn: list[Column], start: StepData, end: StepData, depth: Mapping[str, int]) -> None:
    first, last = depth[start["name"]], depth[end["name"]]
    lane = f"{start['name']}-{end['name']}"
    keys = [start["name"], *[lane] * (last - first - 1), end["name"]]
    for offset, (left, right) in enumerate(pairwise(keys)):
        before, column = drawn[first + offset], drawn[first + offset + 1]
        column.lines.append(Line(_height(before, left), _height(column, right), _state(start, end)))


def _height(column: Column, key: str) -> float:
    place = next(index for index, slot in enumerate(column.slots) if slot.key == key)
    return round(100 * (place + 0.5) / len(column.slots), 2)


def _state(start: StepData, end: StepData) -> str:
    if start["status"] != "completed":
        return ""
    return "flowing" if end["status"] == "processing" else "done"
