"""A made-up day of mixed load, played through the real ranking, predictions and forecast on a virtual clock.

What is invented is only what the engine can't choose: who submits what and when, and how long it really
takes. Everything else is the engine's own functions. The same seed gives the same day.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count

from jobs import ranking
from jobs.forecast import Arrivals, Load, Part, expected, forecast, load_of
from jobs.predictions import FRESH_SECONDS, LOOKED_AT, NOTHING_SEEN, Asked, Law, Observation, rough_size
from jobs.quantiles import Duration
from jobs.standings import LATELY_SECONDS, coming
from jobs.states import Priority

HOUR = 3600.0
SERVICE = Asked("service", "model")
RETRY_AFTER = 2.0
BATCHES = 0.004
"""How often somebody submits 10 to 60 jobs at once."""
FAILS = 0.02
"""How many attempts fail and are tried again."""


@dataclass(frozen=True, slots=True)
class Nature:
    """A step as it really is, and what its kind believes of it.

    Args:
        needs: names of the steps before it.
        believed: the kind's own estimate, in seconds, for any size.
        base, per_kilobyte, power: it takes ``base + per_kilobyte * kilobytes ** power`` seconds, usually.
        spread: standard deviation of the logarithm around that.
        heavy: share of the cases that take four times as long.
        asks: whether it asks the service, and so slows down with it.
    """

    needs: tuple[str, ...]
    believed: float
    base: float
    per_kilobyte: float = 0.0
    power: float = 1.0
    spread: float = 0.25
    heavy: float = 0.0
    asks: bool = True


KINDS: Mapping[str, Mapping[str, Nature]] = {
    "meeting": {
        "parse": Nature((), 1.0, 0.2, 0.004, spread=0.1, asks=False),
        "content": Nature(("parse",), 8.0, 3.0, 0.9, 0.5, spread=0.3),
        "scores": Nature(("parse",), 8.0, 2.0, 0.5, 0.5, spread=0.3),
        "report": Nature(("content", "scores"), 0.5, 0.3, spread=0.15, asks=False),
    },
    "question": {"answer": Nature((), 10.0, 2.0, 0.6, 0.6, spread=0.45, heavy=0.03)},
    "recording": {
        "hear": Nature((), 20.0, 2.0, 0.06, spread=0.15),
        "split": Nature(("hear",), 1.0, 0.5, spread=0.2, asks=False),
        "judge": Nature(("split",), 5.0, 4.0, 0.01, spread=0.35),
    },
    "index": {"embed": Nature((), 0.5, 0.3, 0.002, spread=0.2, asks=False)},
}
MIX = {
    "meeting": (0.35, 60, 0.9),
    "question": (0.4, 4, 0.8),
    "recording": (0.1, 700, 0.8),
    "index": (0.15, 40, 1.2),
}
"""By kind: its share of the jobs, and the median and spread of their kilobytes."""
PRIORITIES = [Priority.LOW] * 10 + [Priority.NORMAL] * 84 + [Priority.HIGH] * 5 + [Priority.URGENT]


@dataclass(slots=True)
class Person:
    """Somebody who submits jobs."""

    weight: float
    appetite: float
    finish_tag: float = 0.0


@dataclass(slots=True, eq=False)
class Task:
    """A step of a job."""

    job: Work
    name: str
    nature: Nature
    seconds: float
    fails: bool
    is_pending: bool = True
    started_at: float | None = None
    over: bool = False

    def prediction(self, day: Day) -> Duration:
        """How long it takes in all, by what is known now."""
        return day.law(self.job.kind, self.name).predict(self.job.size, self.nature.believed)


@dataclass(slots=True, eq=False)
class Work:
    """A job."""

    number: int
    kind: str
    size: int
    owner: Person
    priority: Priority
    at: float
    tasks: dict[str, Task] = field(default_factory=dict)
    rank: float = 0.0
    start_tag: float = 0.0
    begun_at: float | None = None
    done_at: float | None = None

    def load(self, day: Day) -> Load:
        """What it has left, as the engine sees it."""
        if self.begun_at is None:
            return replace(day.shape(self), lead=self.rank - day.virtual_time, owner=id(self.owner))
        return load_of(self.parts(day))

    def parts(self, day: Day) -> list[Part]:
        """Its steps that are not over."""
        parts = []
        for task in self.tasks.values():
            if not task.over:
                whole = task.prediction(day)
                left = whole if task.started_at is None else whole.left(day.now - task.started_at)
                parts.append(Part(task.name, task.nature.needs, left, task.started_at is not None))
        return parts

    def believed(self) -> float:
        """Seconds of all steps that are not over, as the kind believes."""
        return math.fsum(task.nature.believed for task in self.tasks.values() if not task.over)


@dataclass(frozen=True, slots=True)
class Guess:
    """What was foretold of a job at some moment, and what came of it; seconds from that moment."""

    job: Work
    when: str
    foretold: Duration
    actual: float
    naive: float

    @property
    def error(self) -> float:
        """Absolute error of the completion, as a share of what was left until then."""
        return abs(self.foretold.p50 - self.actual) / self.actual

    @property
    def error_of_whole(self) -> float:
        """The same as a share of the whole time from submit to completion."""
        assert self.job.done_at is not None
        return abs(self.foretold.p50 - self.actual) / (self.job.done_at - self.job.at)

    @property
    def naive_error(self) -> float:
        """The error of who believes the kinds' estimates and divides what is ahead by the slots."""
        return abs(self.naive - self.actual) / self.actual

    @property
    def is_within_p90(self) -> bool:
        """Whether it was done by when it should be nine times in ten."""
        return self.actual <= self.foretold.p90

    @property
    def waited(self) -> float:
        """Share of its time that the job waited for its first slot."""
        job = self.job
        assert job.begun_at is not None
        assert job.done_at is not None
        return (job.begun_at - job.at) / (job.done_at - job.at)


@dataclass(slots=True)
class Day:
    """The engine of a day: people's jobs come, slots take them.

    Args:
        seed: which day.
        hours: how much of it.
        begins: at what hour.
        slots: how many steps run at once.
        load: work that comes by work that the slots can do, on the average; at the peaks it is twice that.
        one_in: of how many jobs one is asked about.
    """

    seed: int
    hours: float = 24.0
    begins: float = 0.0
    slots: int = 4
    load: float = 0.5
    one_in: int = 1
    now: float = 0.0
    virtual_time: float = 0.0
    jobs: list[Work] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    _seen: dict[tuple[str, str], deque[Observation]] = field(default_factory=dict)
    _laws: dict[tuple[str, str], tuple[float, Law]] = field(default_factory=dict)
    _shapes: dict[tuple[str, int], Load] = field(default_factory=dict)
    _shapes_at: float = 0.0
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _queue: list[tuple[float, int, int, Task]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _busy: int = 0
    _lately: deque[tuple[float, Work, float]] = field(default_factory=deque)
    _active: dict[Work, None] = field(default_factory=dict)
    _asked: list[tuple[Work, str, float, Duration, float]] = field(default_factory=list)

    def run(self) -> list[Guess]:
        """Plays the day twice: to learn when each job is half done, then with questions at these moments."""
        first = Day(self.seed, self.hours, self.begins, self.slots, self.load, self.one_in)
        first.play({})
        self.play(
            {
                job.number: (job.at + job.done_at) / 2
                for job in first.jobs
                if job.done_at is not None and job.number % self.one_in == 0
            }
        )
        self.guesses = [
            Guess(job, when, foretold, job.done_at - at, naive)
            for job, when, at, foretold, naive in self._asked
            if job.done_at is not None and job.done_at - at > 0
        ]
        return self.guesses

    def play(self, midways: Mapping[int, float]) -> None:
        """Lets the day pass until the last job is done."""
        for job in _arrivals(self):
            self._at(job.at, lambda job=job: self._submit(job, bool(midways)))
            if job.number in midways:
                self._at(midways[job.number], lambda job=job: self._foretell(job, "midway"))
        while self._events:
            self.now, _, happen = heappop(self._events)
            happen()
            self._claim()

    def law(self, kind: str, name: str) -> Law:
        """The law of a step, as fresh as a worker's."""
        read_at, law = self._laws.get((kind, name), (-math.inf, NOTHING_SEEN))
        if self.now - read_at >= FRESH_SECONDS:
            law = Law.of(self._seen.get((kind, name), ()), SERVICE)
            self._laws[kind, name] = (self.now, law)
        return law

    def shape(self, job: Work) -> Load:
        """What a job that has not begun comes to; of one kind and about one size, all are alike."""
        if self.now - self._shapes_at >= FRESH_SECONDS:
            self._shapes.clear()
            self._shapes_at = self.now
        key = (job.kind, rough_size(job.size))
        if key not in self._shapes:
            self._shapes[key] = load_of(job.parts(self))
        return self._shapes[key]

    def _at(self, moment: float, happen: Callable[[], None]) -> None:
        heappush(self._events, (moment, next(self._numbers), happen))

    def _submit(self, job: Work, is_asked: bool) -> None:
        if not self._active:  # what idle time left over is held against nobody
            self.virtual_time = max([self.virtual_time, *(one.owner.finish_tag for one in self.jobs[-500:])])
        seconds = math.fsum(task.prediction(self).p50 for task in job.tasks.values())
        tags = ranking.tags(
            virtual_time=self.virtual_time,
            last_finish=job.owner.finish_tag,
            seconds=seconds,
            weight=job.owner.weight,
        )
        job.owner.finish_tag, job.start_tag = tags.finish, tags.start
        job.rank = ranking.rank(tags.start, job.priority)
        self.jobs.append(job)
        self._lately.append((self.now, job, job.load(self).work))
        self._active[job] = None
        self._enqueue(job)
        if is_asked and job.number % self.one_in == 0:
            self._foretell(job, "submit")

    def _enqueue(self, job: Work) -> None:
        for task in job.tasks.values():
            if task.is_pending and all(job.tasks[need].over for need in task.nature.needs):
                task.is_pending = False
                heappush(self._queue, (job.rank, job.number, next(self._numbers), task))

    def _claim(self) -> None:
        while self._queue and self._busy < self.slots:
            *_, task = heappop(self._queue)
            self._busy += 1
            served = ranking.served(task.job.start_tag, task.job.priority)
            self.virtual_time = max(self.virtual_time, served)
            task.started_at = self.now
            if task.job.begun_at is None:
                task.job.begun_at = self.now
            seconds = task.seconds * (self.slowness() if task.nature.asks else 1.0)
            self._at(self.now + seconds, lambda task=task: self._end(task))

    def _end(self, task: Task) -> None:
        self._busy -= 1
        if task.fails:
            task.fails, task.started_at, task.is_pending = False, None, True
            self._at(self.now + RETRY_AFTER, lambda: self._enqueue(task.job))
            return
        assert task.started_at is not None
        task.over = True
        provider = SERVICE.provider if task.nature.asks else ""
        seen = self._seen.setdefault((task.job.kind, task.name), deque(maxlen=LOOKED_AT))
        seen.appendleft(Observation(self.now - task.started_at, task.job.size, provider, "model-1"))
        self._enqueue(task.job)
        if all(other.over for other in task.job.tasks.values()):
            task.job.done_at = self.now
            del self._active[task.job]

    def slowness(self) -> float:
        """By what the service is slower than at its best: it has its own rush hours."""
        return 1.25 + 0.25 * math.sin(2 * math.pi * self.now / (5.5 * HOUR))

    def _foretell(self, job: Work, when: str) -> None:
        running = [one.load(self) for one in self._active if one.begun_at is not None]
        if job.begun_at is not None:
            done = expected(0, 0.0, 0.0, job.load(self).path).done
            self._asked.append((job, when, self.now, done, job.believed()))
            return
        waiting = sorted(
            (one for one in self._active if one.begun_at is None), key=lambda one: (one.rank, one.number)
        )
        line = forecast(self.slots, running, [one.load(self) for one in waiting], arrivals=self._coming())
        place = waiting.index(job)
        ahead = [one for one in self._active if one.begun_at is not None] + waiting[:place]
        naive = math.fsum(one.believed() for one in ahead) / self.slots + job.believed()
        self._asked.append((job, when, self.now, line[place].done, naive))

    def _coming(self) -> Arrivals:
        while self._lately and self._lately[0][0] < self.now - LATELY_SECONDS:
            self._lately.popleft()
        work: dict[tuple[int, Priority], list[float]] = {}
        people: dict[int, Person] = {}
        for _, job, seconds in self._lately:
            key = (id(job.owner), job.priority)
            people[id(job.owner)] = job.owner
            work.setdefault(key, []).append(seconds)
        return coming(
            work,
            {owner: (one.finish_tag, one.weight) for owner, one in people.items()},
            self.virtual_time,
            min(self.now, LATELY_SECONDS),
        )


def _arrivals(day: Day) -> list[Work]:
    """The jobs of a day, in order: two rush hours, a quiet night, and now and then a batch."""
    chance = random.Random(day.seed)
    people = [Person(chance.choice([1, 1, 1, 2, 4]), chance.paretovariate(1.2)) for _ in range(12)]
    found: list[Work] = []
    moment, number = 0.0, 0
    per_second = day.load * day.slots / _mean_work(chance) / (1 + BATCHES * 34)
    while moment < day.hours * HOUR:
        moment += chance.expovariate(per_second * 2.5)
        if chance.random() > _demand(moment + day.begins * HOUR) / 2.5:
            continue
        owner = chance.choices(people, [one.appetite for one in people])[0]
        many = chance.randint(10, 60) if chance.random() < BATCHES else 1
        kind = chance.choices(list(MIX), [share for share, _, _ in MIX.values()])[0]
        priority = chance.choice(PRIORITIES)
        for _ in range(many):
            found.append(_work(chance, number, kind, owner, priority, moment))
            number += 1
    return found


def _demand(moment: float) -> float:
    """Jobs that come at this time of day, by those that come on the average; 0..2."""
    hour = moment / HOUR % 24
    peaks = math.exp(-(((hour - 10) / 1.8) ** 2)) + math.exp(-(((hour - 15) / 2.0) ** 2))
    return (0.45 + 1.5 * peaks) / 0.87


def _work(
    chance: random.Random, number: int, kind: str, owner: Person, priority: Priority, at: float
) -> Work:
    _, median, spread = MIX[kind]
    kilobytes = median * math.exp(spread * chance.gauss(0, 1))
    job = Work(number, kind, int(kilobytes * 1024), owner, priority, at)
    for name, nature in KINDS[kind].items():
        seconds = _seconds(chance, nature, kilobytes)
        job.tasks[name] = Task(job, name, nature, seconds, chance.random() < FAILS)
    return job


def _seconds(chance: random.Random, nature: Nature, kilobytes: float) -> float:
    usual = nature.base + nature.per_kilobyte * kilobytes**nature.power
    heavy = 4.0 if chance.random() < nature.heavy else 1.0
    return float(usual * heavy * math.exp(nature.spread * chance.gauss(0, 1)))


def _mean_work(chance: random.Random) -> float:
    """Slot-seconds of a job on the average."""
    nobody = Person(1, 1)
    kinds: Sequence[str] = chance.choices(list(MIX), [share for share, _, _ in MIX.values()], k=2000)
    jobs = [_work(chance, 0, kind, nobody, Priority.NORMAL, 0.0) for kind in kinds]
    return 1.25 * math.fsum(task.seconds for job in jobs for task in job.tasks.values()) / len(jobs)
