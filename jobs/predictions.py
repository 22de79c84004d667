"""How long steps will take, from how long steps like them took.

`Law` is pure: nearest neighbours in size among the latest attempts, and their quantiles. What is read of the
database is kept for a few seconds in each process, so that most submits cost no query.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from threading import Lock

from jobs.kinds import Kind, registry
from jobs.models import Attempt, Step
from jobs.providers import chain
from jobs.providers.contract import Provider
from jobs.quantiles import Duration, weighted_quantile

LOOKED_AT = 200
"""How many of the latest attempts of a step tell how long the next one takes."""
NEIGHBOURS = 30
"""How many of these, the nearest in size, are asked. About the square root of what there is would do for the
median (Devroye, Györfi, Lugosi, "A Probabilistic Theory of Pattern Recognition", 1996, chapter 5: k → ∞ with
k/n → 0); twice that steadies the 90 % quantile."""
STRANGER = 0.25
"""What an attempt with another model weighs, while there are too few with the one that will be asked."""
ENOUGH = 20
"""With so many attempts the kind's own estimate counts no more."""
BELIEF = 3.0
"""How many attempts the kind's own estimate weighs as long as there is none: pseudo-observations, the
m-estimate of B. Cestnik, "Estimating Probabilities: A Crucial Task in Machine Learning", ECAI 1990."""
BELIEVED = (0.5, 1.0, 2.0)
"""Where these stand, as multiples of the estimate: nobody knows better than within a factor of two."""
SHORTEST = 0.001
"""Seconds; less is below what is measured."""
LATELY = 30
"""So many of the latest attempts tell whether it goes slower or faster now."""
DOUBT = 5.0
"""As if so many more said that it goes as usual: the median of a few errs by a tenth itself, so it is shrunk
(B. Efron, C. Morris, "Data Analysis Using Stein's Estimator and its Generalizations", JASA 70, 1975)."""
FRESH_SECONDS, KNOWN_SECONDS = 5.0, 60.0


@dataclass(frozen=True, slots=True)
class Observation:
    """An attempt that succeeded: how long it took, how large the job's input was, and who was asked.

    Args:
        seconds: from claim to end.
        size: of the job's input, in bytes.
        provider: who answered; "" when nobody was asked.
        model: what answered.
    """

    seconds: float
    size: int = 0
    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a step would ask now; the empty one when that is not known."""

    provider: str = ""
    model: str = ""

    @classmethod
    def of(cls, provider: Provider) -> Asked:
        """``provider``, as it is now."""
        return cls(provider.name, provider.model)

    def is_meant_by(self, seen: Observation) -> bool:
        """Whether ``seen`` asked the same, or nobody. Services answer with longer names: model-2026-01-01."""
        if not seen.provider:
            return True
        return seen.provider == self.provider and seen.model.startswith(self.model)


@dataclass(frozen=True, slots=True)
class BySize:
    """Seconds of attempts by rough size, of each size the newest first.

    Args:
        seconds: by `rough_size`.
        sizes: those sizes, in ascending order.
    """

    seconds: Mapping[int, Sequence[float]] = field(default_factory=dict)
    sizes: Sequence[int] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, float]]) -> BySize:
        """Those of pairs of rough size and seconds, newest first."""
        seconds: dict[int, list[float]] = {}
        for size, took in pairs:
            seconds.setdefault(size, []).append(took)
        return cls(seconds, sorted(seconds))

    @property
    def count(self) -> int:
        """How many attempts they are."""
        return sum(map(len, self.seconds.values()))

    def nearest(self, size: int, count: int) -> list[float]:
        """Seconds of the ``count`` nearest to a rough size; of those of one size, the newest."""
        found: list[float] = []
        right = bisect_left(self.sizes, size)
        left = right - 1
        while len(found) < count and (left >= 0 or right < len(self.sizes)):
            is_left = right == len(self.sizes) or (
                left >= 0 and size - self.sizes[left] < self.sizes[right] - size
            )
            at = self.sizes[left if is_left else right]
            found += self.seconds[at][: count - len(found)]
            left, right = (left - 1, right) if is_left else (left, right + 1)
        return found


@dataclass(frozen=True, slots=True)
class Law:
    """How long one step of one kind takes, as a function of size.

    Args:
        own: those that asked whom the step would ask now.
        others: the rest.
        drift: by how much the latest took longer than all of them did.
    """

    own: BySize = field(default_factory=BySize)
    others: BySize = field(default_factory=BySize)
    drift: float = 1.0
    _known: dict[tuple[int, float], Duration] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, seen: Iterable[Observation], asked: Asked) -> Law:
        """The law that follows from what was seen, newest first."""
        own: list[tuple[int, float]] = []
        others: list[tuple[int, float]] = []
        for one in seen:
            pairs = own if asked.is_meant_by(one) else others
            pairs.append((rough_size(one.size), max(SHORTEST, one.seconds)))
        by_size = BySize.of(own)
        return cls(by_size, BySize.of(others), _drift(own, by_size))

    @property
    def observations(self) -> int:
        """How many attempts it rests on."""
        return self.own.count + self.others.count

    def predict(self, size: int, believed: float) -> Duration:
        """How long the step takes with an input of this size.

        The quantiles lie within what was seen, and the estimate times `BELIEVED` while it counts.

        Args:
            size: of the job's input, in bytes.
            believed: the kind's own estimate, in seconds.
        """
        rough = rough_size(size)
        key = (rough, round(believed, 3))
        if key not in self._known:
            self._known[key] = self._predict(rough, max(SHORTEST, believed))
        return self._known[key]

    def _predict(self, size: int, believed: float) -> Duration:
        near = self.own.nearest(size, NEIGHBOURS)
        strange = self.others.nearest(size, NEIGHBOURS - len(near))
        doubt = max(0.0, 1.0 - (len(near) + STRANGER * len(strange)) / ENOUGH)
        values = [(seconds, 1.0) for seconds in self._moved(near)]
        values += [(seconds, STRANGER) for seconds in strange]
        if doubt:
            weight = BELIEF * doubt / len(BELIEVED)
            values += [(believed * factor, weight) for factor in BELIEVED]
        values.sort()
        return Duration(weighted_quantile(values, 0.5), weighted_quantile(values, 0.9))

    def _moved(self, near: Sequence[float]) -> list[float]:
        """What ``near`` would have taken lately, within what was seen at all."""
        if self.drift == 1.0:
            return list(near)
        least, most = min(map(min, self.own.seconds.values())), max(map(max, self.own.seconds.values()))
        return [min(most, max(least, seconds * self.drift)) for seconds in near]


NOTHING_SEEN = Law()


def _drift(own: Sequence[tuple[int, float]], by_size: BySize) -> float:
    """By how much the latest took longer than those of their size: the median of the ratios, drawn to 1.

    A service has its rush hours, and `LOOKED_AT` attempts of a rare step go back many hours.
    """
    latest = own[:LATELY]
    if len(own) < 2 * len(latest) or not latest:
        return 1.0
    ratios = [math.log(seconds / median(by_size.nearest(size, NEIGHBOURS))) for size, seconds in latest]
    return math.exp(median(ratios) * len(latest) / (len(latest) + DOUBT))


PER_OCTAVE = 8


def rough_size(size: int) -> int:
    """Sizes within a tenth are one."""
    return round(math.log2(1 + size) * PER_OCTAVE)


# What this process has read


@dataclass(slots=True)
class History:
    """The laws that this process knows, each read again when it is older than `FRESH_SECONDS`.

    Args:
        clock: seconds that only go on.
    """

    clock: Callable[[], float] = time.monotonic
    _laws: dict[tuple[str, str, Asked], tuple[float, Law]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def law(self, kind: str, name: str, asked: Asked) -> Law:
        """The law of a step, at most `FRESH_SECONDS` old; one query when it was older."""
        key, now = (kind, name, asked), self.clock()
        read_at, law = self._laws.get(key, (-math.inf, NOTHING_SEEN))
        if now - read_at >= FRESH_SECONDS:
            law = Law.of(_read(kind, name), asked)
            with self._lock:
                self._laws[key] = (now, law)
        return law

    def known(self, kind: str, name: str, asked: Asked) -> Law | None:
        """The law of a step if it was read within `KNOWN_SECONDS`. No query."""
        read_at, law = self._laws.get((kind, name, asked), (-math.inf, NOTHING_SEEN))
        return law if self.clock() - read_at < KNOWN_SECONDS else None

    def forget(self) -> None:
        """Reads everything anew when it is next asked for."""
        with self._lock:
            self._laws.clear()


history = History()


def of_kind(kind: Kind, size: int, estimated_seconds: float) -> dict[str, Duration]:
    """How long each step of a job of ``kind`` will take, by name.

    Args:
        kind: the kind.
        size: of the job's input, in bytes.
        estimated_seconds: what the kind's own estimate says of the whole job; 0 when it says nothing.
    """
    asked = first_asked()
    scale = cold_scale(kind, estimated_seconds)
    return {
        step.name: history.law(kind.name, step.name, asked).predict(size, step.seconds * scale)
        for step in kind.steps
    }


def cold_scale(kind: Kind, estimated_seconds: float) -> float:
    """By how much a job of ``kind`` with this estimate takes longer than its steps' usual seconds."""
    whole = math.fsum(step.seconds for step in kind.steps)
    return estimated_seconds / whole if whole and estimated_seconds else 1.0


def renew(step: Step, size: int) -> None:
    """Predicts a step that enters the queue by what has been learned since it was submitted. No query."""
    providers = chain.providers()
    asked = Asked.of(providers[min(step.provider_index, len(providers) - 1)])
    law = history.known(step.kind, name_of(step), asked)
    if law is None or law.observations < ENOUGH or step.kind not in registry or is_gathering(step):
        return
    found = law.predict(size, step.predicted_seconds)
    step.predicted_seconds, step.predicted_p90 = found.p50, found.p90


def name_of(step: Step) -> str:
    """The name under which attempts of ``step`` are counted together: that of all items of one step.

    A step that only gathers its items is another thing than these, and is counted by itself.
    """
    return step.part_of or (f"{step.name}[]" if is_gathering(step) else step.name)


def is_gathering(step: Step) -> bool:
    """Whether ``step`` does nothing but gather what its items gave."""
    return bool(step.over) and not step.part_of


def first_asked() -> Asked:
    """Whom steps ask first now."""
    return Asked.of(chain.providers()[0])


def _read(kind: str, name: str) -> list[Observation]:
    rows = Attempt.objects.filter(kind=kind, name=name, outcome=Attempt.Outcome.SUCCEEDED).order_by("-id")
    found = rows.values_list("started_at", "finished_at", "size", "provider", "model")[:LOOKED_AT]
    return [
        Observation((end - start).total_seconds(), size, provider, model)
        for start, end, size, provider, model in found
        if end is not None
    ]
