"""What a whole job comes to, as a `jobs.forecast.Load`: from its steps, or from its kind and size alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from jobs import predictions
from jobs.forecast import Load, Part, load_of
from jobs.kinds import Kind, registry
from jobs.models import Step
from jobs.predictions import ENOUGH, Asked
from jobs.quantiles import Duration
from jobs.states import TERMINAL, Status

GATHERING_SECONDS = 0.01


def of_steps(steps: Sequence[Step], now: datetime) -> Load:
    """What a job has left, by its steps.

    Args:
        steps: the job's.
        now: the present.
    """
    items: defaultdict[str, list[str]] = defaultdict(list)
    for step in steps:
        if step.part_of:
            items[step.part_of].append(step.name)
    parts = [
        Part(
            step.name,
            [*step.depends_on, *items[step.name]],
            left(step, now, gathers=bool(items[step.name])),
            step.status == Status.PROCESSING,
        )
        for step in steps
        if step.status not in TERMINAL
    ]
    return load_of(parts)


def of_predicted(kind: Kind, predicted: Mapping[str, Duration]) -> Load:
    """A job of ``kind`` that has not begun, by how long each of its steps will take."""
    return load_of([Part(step.name, step.depends_on, predicted[step.name]) for step in kind.steps])


def remaining(steps: Sequence[Step], now: datetime | None = None) -> Duration:
    """How long a job will still take, if it waits for no slot: the longest way through what is left."""
    return of_steps(steps, now or timezone.now()).path


def left(step: Step, now: datetime, *, gathers: bool = False) -> Duration:
    """How long ``step`` will still take, once it may run; from now, if it runs."""
    if gathers:
        return Duration(GATHERING_SECONDS, GATHERING_SECONDS)
    whole = Duration(step.predicted_seconds, max(step.predicted_seconds, step.predicted_p90))
    if step.status != Status.PROCESSING or step.started_at is None:
        return whole
    elapsed = (now - step.started_at).total_seconds()
    return left_of(whole, elapsed, step.progress if step.stage else None)


def left_of(whole: Duration, elapsed: float, said: float | None) -> Duration:
    """What remains of a step that runs.

    Args:
        whole: how long it takes in all.
        elapsed: seconds since it began.
        said: how far it said that it is, 0..1; None when it is silent. The further, the more that counts,
            and the less how long such steps usually take.
    """
    usual = whole.left(elapsed)
    if not said or elapsed <= 0:
        return usual
    at_this_pace = elapsed * (1.0 - said) / said
    p50 = max(1e-3, (1.0 - said) * usual.p50 + said * at_this_pace)
    return Duration(p50, max(p50, (1.0 - said) * usual.p90 + said * at_this_pace * 1.25))


@dataclass(slots=True)
class Shapes:
    """Jobs that have not begun, by kind and size: those of one kind and about one size are alike.

    Args:
        asked: whom steps ask first now.
    """

    asked: Asked = field(default_factory=predictions.first_asked)
    _known: dict[tuple[str, int, float], Load] = field(default_factory=dict)
    _scales: dict[tuple[str, tuple[tuple[str, float], ...]], float] = field(default_factory=dict)

    def load(self, kind: str, size: int, first: tuple[tuple[str, float], ...]) -> Load:
        """A job that has not begun.

        Args:
            kind: its kind's name.
            size: of its input, in bytes.
            first: names of the steps that wait in the queue, and what was predicted of them at submit. For
                kinds of which too little was seen, the others follow from these.
        """
        if kind not in registry:
            return load_of([Part(name, (), Duration(max(1e-3, p50), max(1e-3, p50))) for name, p50 in first])
        found = registry.get(kind)
        if (kind, first) not in self._scales:
            self._scales[kind, first] = self._scale(found, first)
        scale = self._scales[kind, first]
        key = (kind, predictions.rough_size(size), scale)
        if key not in self._known:
            predicted = {
                step.name: predictions.history.law(kind, step.name, self.asked).predict(
                    size, step.seconds * scale
                )
                for step in found.steps
            }
            self._known[key] = of_predicted(found, predicted)
        return self._known[key]

    def _scale(self, kind: Kind, first: tuple[tuple[str, float], ...]) -> float:
        """By how much the job was believed to take longer than usual; 1 where attempts tell better."""
        usual = told = 0.0
        for step in kind.steps:
            law = predictions.history.law(kind.name, step.name, self.asked)
            if law.observations >= ENOUGH:
                return 1.0
        by_name = {step.name: step.seconds for step in kind.steps}
        for name, seconds in first:
            usual += by_name.get(name, 0.0)
            told += seconds if name in by_name else 0.0
        return round(told / usual, 2) if usual and told else 1.0
