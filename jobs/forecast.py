"""When waiting jobs will start and end: the queue played forward in the head. Pure.

List scheduling (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM J. Appl. Math. 17, 1969):
whoever is next in order takes the slot that is free first. A job is ranked once, so one that has begun is
finished before the next one; it is therefore placed as a whole, as so many equal pieces as it runs steps
side by side on the average, and not step by step. 10,000 waiting jobs take 30 to 47 ms.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapreplace

from jobs.quantiles import Z90, Duration

DRIFT = 0.15
"""By how much a wait of many jobs is off for a reason common to all of them (who comes later and goes before,
services that slow down), as a share of it: one standard deviation. Assumed, not fitted; ``tests.bench eta``
tells how often the 90 % quantiles that come of it hold."""
UNCERTAIN = 1.5
"""A 90 % quantile beyond so many medians is shown as a range."""


@dataclass(frozen=True, slots=True)
class Load:
    """A job that runs or waits, as far as it concerns the slots.

    Args:
        path: seconds from its next step's start until its end, while it waits for no slot: the longest way
            through what is left.
        work: slot-seconds that it needs in all.
        variance: of ``work``, in seconds squared.
        lead: how far behind virtual time its rank lies, in slot-seconds: whoever comes meanwhile with less
            goes before it.
        owner: whose it is.
        holds: besides slots, what it occupies for how many seconds, by name: its owner's places, its kind's.
        running: of ``work``, what each of its steps that run has left; each is in a slot of its own.
    """

    path: Duration
    work: float
    variance: float = 0.0
    lead: float = 0.0
    owner: Hashable = None
    holds: Sequence[tuple[Hashable, float]] = ()
    running: Sequence[float] = ()

    @classmethod
    def of_one(cls, step: Duration) -> Load:
        """That of a single step."""
        return cls(step, step.mean, step.variance)

    @property
    def width(self) -> int:
        """How many slots it uses at once, on the average."""
        return max(1, round(self.work / self.path.mean))

    def stretched(self, slots: int) -> Duration:
        """How long it takes where there are only so many slots."""
        if self.width <= slots:
            return self.path
        factor = max(1.0, self.work / slots / self.path.mean)
        return Duration(self.path.p50 * factor, self.path.p90 * factor)


@dataclass(frozen=True, slots=True)
class Stream:
    """The jobs of one person and priority that go on coming.

    Args:
        owner: whose.
        rate: slot-seconds that come in a second.
        lead: that of the next one, if it came now; see `Load`.
        weight: of the person's tier.
    """

    owner: Hashable
    rate: float
    lead: float
    weight: float = 1.0


TURNS = 12
"""Enough for a wait and the work that comes meanwhile to agree."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Who will come, as far as those who came lately tell.

    A queue that is fair lets newcomers go before the rest of a long line, so who waits in it waits for them
    too: for all that comes of each person meanwhile, but never for more than that person's fair share until
    one's own turn, which is the weight times the distance of the tags (Goyal, Vin, Cheng 1996, section 2.1).
    One's own later jobs never go before.
    """

    streams: Sequence[Stream] = ()

    def prolonged(self, wait: float, load: Load, slots: int) -> float:
        """The wait of ``load``, which would be ``wait`` if nobody came meanwhile."""
        before = [
            (one.rate, one.weight * (load.lead - one.lead))
            for one in self.streams
            if one.owner != load.owner and one.lead < load.lead
        ]
        longer = wait
        for _ in range(TURNS):
            last, longer = longer, wait + math.fsum(min(rate * longer, most) for rate, most in before) / slots
            if longer - last <= 0.01 * longer:
                break
        return longer


NOBODY_COMES = Arrivals()
WORTH = 12_000
"""How many times a stream may be looked at in a forecast; of a longer line only some jobs of each owner."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be expected of a waiting job.

    Args:
        ahead: jobs before it.
        wait: seconds until it starts.
        done: seconds until it is done.
        deviation: one standard deviation of ``wait``.
    """

    ahead: int
    wait: float
    done: Duration
    deviation: float = 0.0

    @property
    def position(self) -> int:
        """Its place, from 1."""
        return self.ahead + 1


@dataclass(slots=True)
class Schedule:
    """The slots, and until when each is taken.

    Args:
        slots: how many there are.
        places: how many there are of other things that jobs hold; of what is not named, enough.
        arrivals: who comes meanwhile.
        every: of how many jobs of an owner one is looked at for whom it has to let go before.
    """

    slots: int
    places: Mapping[Hashable, int] = field(default_factory=dict)
    arrivals: Arrivals = NOBODY_COMES
    every: int = 1
    _prolonged: dict[Hashable, tuple[float, int]] = field(default_factory=dict)
    _free: list[float] = field(init=False)
    _groups: dict[Hashable, list[float]] = field(init=False)
    _variance: float = 0.0

    def __post_init__(self) -> None:
        self.slots = max(1, self.slots)
        self._free = [0.0] * self.slots
        self._groups = {name: [0.0] * max(1, count) for name, count in self.places.items()}

    def occupy(self, loads: Sequence[Load]) -> None:
        """Lets jobs that have begun go on: what they have left comes before all that waits."""
        for load in sorted(loads, key=lambda one: not one.running):
            rest = load.work - math.fsum(load.running)
            for seconds in load.running:  # what comes after them is ready when they end, in their own slots
                heapreplace(self._free, self._free[0] + seconds + rest / len(load.running))
            if not load.running:
                self._spread(rest, load.width)
            self._hold(load)
            self._variance += load.variance

    def add(self, load: Load) -> tuple[float, float]:
        """Places the next job; seconds until it starts, and one standard deviation of that."""
        variance = self._variance / self.slots**2
        alone = self._take(load)
        slower = self._slower(alone, load)
        start = alone * slower
        return start, math.hypot(math.sqrt(variance) * slower, DRIFT * start)

    def _slower(self, wait: float, load: Load) -> float:
        """By how much those who come meanwhile prolong a wait; found anew for every so many of an owner."""
        if not self.arrivals.streams or wait <= 0:
            return 1.0
        known, left = self._prolonged.get(load.owner, (1.0, 0))
        if left == 0:
            known = self.arrivals.prolonged(wait, load, self.slots) / wait
            left = self.every
        self._prolonged[load.owner] = (known, left - 1)
        return known

    def _take(self, load: Load) -> float:
        start = self._hold(load)
        self._spread(load.work, load.width)
        self._variance += load.variance
        return start

    def _hold(self, load: Load) -> float:
        """Seconds until there is a slot, and a place of all else that it holds."""
        now = start = self._free[0]
        for name, seconds in load.holds:
            if group := self._groups.get(name):
                start = max(start, group[0])
                heapreplace(group, max(group[0], now) + seconds)
        return start

    def _spread(self, work: float, width: int) -> None:
        pieces = min(width, self.slots)
        for _ in range(pieces if work > 0 else 0):
            heapreplace(self._free, self._free[0] + work / pieces)


def forecast(
    slots: int,
    running: Sequence[Load],
    waiting: Sequence[Load],
    places: Mapping[Hashable, int] | None = None,
    arrivals: Arrivals = NOBODY_COMES,
) -> list[Expected]:
    """What to expect of each waiting job.

    Args:
        slots: how many steps run at once.
        running: jobs that have begun, with what they have left.
        waiting: jobs that have not, in the order in which they will be started.
        places: how many places there are of what jobs hold besides slots.
        arrivals: who comes meanwhile, as far as those who came lately tell.
    """
    every = 1 + len(waiting) * len(arrivals.streams) // WORTH
    schedule = Schedule(slots, places or {}, arrivals, every)
    schedule.occupy(running)
    return [
        expected(ahead, *schedule.add(load), load.stretched(schedule.slots))
        for ahead, load in enumerate(waiting)
    ]


def expected(ahead: int, start: float, deviation: float, path: Duration) -> Expected:
    """What follows for a job that starts in ``start`` seconds, more or less, and then takes ``path``."""
    late = math.hypot(path.p90 - path.p50, Z90 * deviation)
    p50 = start + path.p50
    return Expected(ahead, start, Duration(p50, p50 + late), deviation)


def is_uncertain(p50: float, p90: float) -> bool:
    """Whether a time is better told as a range."""
    return p90 > UNCERTAIN * p50


# What a job's steps come to


@dataclass(frozen=True, slots=True)
class Part:
    """A step that is not over: its name, what it waits for, and how long it takes from now."""

    name: str
    needs: Sequence[str]
    left: Duration
    runs: bool = False


def load_of(parts: Sequence[Part]) -> Load:
    """A job by its steps that are not over.

    The longest way is found by expected seconds; its 90 % quantile is that of a sum of independent parts.

    Args:
        parts: in an order in which each comes after those it needs, or any.
    """
    by_name = {part.name: part for part in parts}
    ways: dict[str, tuple[float, float]] = {}

    def way(name: str) -> tuple[float, float]:
        """Expected seconds until the step ends, and their variance."""
        if name not in ways:
            part = by_name[name]
            before = max((way(need) for need in part.needs if need in by_name), default=(0.0, 0.0))
            ways[name] = (before[0] + part.left.mean, before[1] + part.left.variance)
        return ways[name]

    mean, variance = max((way(part.name) for part in parts), default=(0.0, 0.0))
    work = math.fsum(part.left.mean for part in parts)
    running = [part.left.mean for part in parts if part.runs]
    variance_of_all = math.fsum(part.left.variance for part in parts)
    return Load(_by_moments(mean, variance), work, variance_of_all, running=running)


def _by_moments(mean: float, variance: float) -> Duration:
    """The log-normal law of this mean and variance (L. F. Fenton, "The Sum of Log-Normal Probability
    Distributions in Scatter Transmission Systems", IRE Trans. Commun. Syst. 8, 1960)."""
    if mean <= 0:
        return Duration(1e-3, 1e-3)
    square = math.log1p(variance / mean**2)
    p50 = mean * math.exp(-square / 2)
    return Duration(p50, p50 * math.exp(Z90 * math.sqrt(square)))


# How many steps really run side by side

LONG_WAIT_SECONDS = 1.0
"""Who waited less did not wait for a slot: claiming takes a moment."""
SUPPORTED_SECONDS = 30.0
SUPPORTED_SPANS = 30
"""Of less than so much time with a queue, or so few steps, nothing is concluded."""


@dataclass(frozen=True, slots=True)
class Span:
    """A step's way through a slot, in seconds on some clock.

    Args:
        queued: when it came into the queue; None when that is not known.
        started: when it was claimed.
        ended: when it was done, or the present.
    """

    queued: float | None
    started: float
    ended: float


def effective_slots(slots: int, spans: Sequence[Span], since: float) -> int:
    """How many steps run side by side while others wait; fewer than ``slots`` where something holds them.

    The utilisation law: busy seconds by seconds (P. J. Denning, J. P. Buzen, "The Operational Analysis of
    Queueing Network Models", ACM Computing Surveys 10, 1978), over the time since ``since`` in which some
    step waited. ``slots`` itself where there was too little of that to conclude anything. What steps lose by
    sharing a processor is not in here but in their durations, which are measured as they are.
    """
    waits = [
        (max(since, one.queued), one.started)
        for one in spans
        if one.queued is not None and one.started - one.queued >= LONG_WAIT_SECONDS and one.started > since
    ]
    queues = _merged(waits)
    seconds = math.fsum(end - start for start, end in queues)
    if seconds < SUPPORTED_SECONDS or len(waits) < SUPPORTED_SPANS:
        return slots
    busy = math.fsum(_overlap(one, queues) for one in spans)
    return max(1, min(slots, math.ceil(busy / seconds - 0.5)))


def _merged(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _overlap(span: Span, queues: Sequence[tuple[float, float]]) -> float:
    return math.fsum(max(0.0, min(span.ended, end) - max(span.started, start)) for start, end in queues)
