"""Steps that go through a list: from the list to the rows of its items, and from these to one picture. Pure.

``score`` goes through what ``split`` gives: once that has completed, there is a row ``score[1]``,
``score[2]`` … for each item. They share the position of ``score``, which waits for them and then gathers what
they gave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from jobs.errors import InvalidOutput
from jobs.models import Step
from jobs.states import Status

MOST_ITEMS = 1000
"""So many items a list may have: each is a row, and all rows of a job are read when one of them moves."""
GATHERING_SECONDS = 0.01
"""How long gathering takes, as predicted."""
TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Items:
    """How many items a step has, and how many of them are done and given up."""

    total: int
    completed: int
    failed: int

    @classmethod
    def of(cls, items: Sequence[Step]) -> Items:
        """Those of one step."""
        statuses = [item.status for item in items]
        return cls(len(items), statuses.count(Status.COMPLETED), statuses.count(Status.FAILED))

    def data(self) -> dict[str, int]:
        """As it stands in the job object."""
        return asdict(self)


def source(over: str) -> str:
    """The name of the step that gives the list."""
    return over.partition(".")[0]


def list_in(over: str, output: Any) -> list[Any]:
    """The list that a step goes through.

    Args:
        over: "split" for all that the step ``split`` gave, "split.parts" for what stands under that key.
        output: what that step gave.

    Raises:
        InvalidOutput: it is no list, or too long a one.
    """
    name, _, key = over.partition(".")
    found = output.get(key) if key and isinstance(output, Mapping) else None if key else output
    if not isinstance(found, list):
        where = f"no list under “{key}”" if key else "no list"
        raise InvalidOutput(f"“{name}” gave {where}, but the next step goes through one.")
    if len(found) > MOST_ITEMS:
        raise InvalidOutput(
            f"“{name}” gave a list of {len(found):,} items; at most {MOST_ITEMS:,} can be worked on. "
            "Submit a smaller input."
        )
    return found


def made(parent: Step, items: Sequence[Any]) -> list[Step]:
    """New rows for the items of ``parent``, not yet written.

    They may fail if it tolerates that: then its own name is among what it ``tolerates``.
    """
    return [
        Step(
            job_id=parent.job_id,
            owner_id=parent.owner_id,
            kind=parent.kind,
            name=f"{parent.name}[{index}]",
            title=f"{parent.title} {index} of {len(items)}"[-TITLE_LENGTH:],
            position=parent.position,
            index=index,
            part_of=parent.name,
            item=item,
            depends_on=parent.depends_on,
            tolerates=parent.tolerates,
            optional=parent.name in parent.tolerates,
            asks=parent.asks,
            priority=parent.priority,
            predicted_seconds=parent.predicted_seconds,
            predicted_p90=parent.predicted_p90,
        )
        for index, item in enumerate(items, start=1)
    ]


def by_parent(steps: Iterable[Step]) -> dict[str, list[Step]]:
    """The items among ``steps``, in their order, by the name of the step that they are part of."""
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.part_of:
            found[step.part_of].append(step)
    return dict(found)


def status(parent: Step, items: Sequence[Step]) -> str:
    """How a step stands for people: while it waits for its items, as these do."""
    statuses = {item.status for item in items}
    if parent.status != Status.PENDING or not statuses:
        return parent.status
    begun = statuses & {Status.PROCESSING, Status.COMPLETED, Status.FAILED}
    if Status.PROCESSING in statuses or (begun and Status.QUEUED in statuses):
        return Status.PROCESSING
    return next((one for one in (Status.QUEUED, Status.RETRYING) if one in statuses), Status.PENDING)


def progress(parent: Step, items: Sequence[Step]) -> float:
    """How far a step with items is: the mean of theirs; one that was given up is over as well."""
    if parent.status == Status.COMPLETED or not items:
        return parent.progress
    done = sum(1.0 if item.status in (Status.COMPLETED, Status.FAILED) else item.progress for item in items)
    return done / len(items)


def quality(items: Sequence[Step]) -> dict[str, float]:
    """The mean of each quality indicator over the items that tell it."""
    told: defaultdict[str, list[float]] = defaultdict(list)
    for item in items:
        for name, value in item.quality.items():
            told[name].append(value)
    return {name: sum(values) / len(values) for name, values in told.items()}


def cost(steps: Iterable[Step]) -> Decimal | None:
    """USD that ``steps`` spent; None when a provider answered at an unknown price."""
    total = Decimal(0)
    for step in steps:
        if step.provider:
            if step.cost_usd is None:
                return None
            total += step.cost_usd
    return total
