"""Which limits keep waiting jobs back now, and what raising each by one step would give.

What it would give is a forecast of the same queue with the raised value, by `jobs.forecast`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from jobs import admission, budgets, doors, queue, standings
from jobs.doors import Limits, Traffic
from jobs.forecast import forecast
from jobs.kinds import registry
from jobs.models import Door, ProviderCall, Share, Step
from jobs.providers import chain
from jobs.standings import Scene
from jobs.states import Status

MINUTE = 60.0
ENOUGH = 5
"""Of fewer waiting jobs, what raising a limit would give says little."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that keeps waiting jobs back now.

    Args:
        name: workers, slots, paused, kind, person, provider_running, provider_requests, provider_tokens,
            door_closed or budget.
        of: whose: a kind, a person's id, a provider, or "".
        used, most: how much of it is in use, and how much there is; None where that is no number.
        remedy: what to do, in words.
        observations: how many waiting jobs it rests on.
        wait: seconds that these wait now on the average, by the forecast; None when they are too few.
        raised_to, wait_raised: one step more, and the wait with it; None where that is no number.
    """

    name: str
    of: str
    used: float | None
    most: float | None
    remedy: str
    observations: int
    wait: float | None = None
    raised_to: float | None = None
    wait_raised: float | None = None


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The limits that bind, the one first that raising helps most; none when nothing waits."""

    binding: Sequence[Limit] = ()
    waiting: int = 0

    @property
    def name(self) -> str:
        """Of the first; "none" without any."""
        return self.binding[0].name if self.binding else "none"


@dataclass(frozen=True, slots=True)
class Gate:
    """A number of places that jobs hold besides slots.

    Args:
        name, of: see `Limit`.
        used, most: places in use, and all.
        step: by how much it would be raised.
        holders: of each waiting job, for how many seconds it holds a place; 0 if it needs none.
        servers: how many may hold one at once; for a rate that is 1, and ``holders`` are the intervals.
        remedy: what to do.
    """

    name: str
    of: str
    used: float
    most: float
    step: float
    holders: Sequence[float]
    servers: int
    remedy: str

    @property
    def key(self) -> Hashable:
        """What it is called in a forecast."""
        return self.name, self.of

    @property
    def concerns(self) -> int:
        """How many waiting jobs it concerns."""
        return sum(seconds > 0 for seconds in self.holders)

    @property
    def binds(self) -> bool:
        """Whether it is used up, and somebody waits for it."""
        return self.concerns > 0 and self.used >= self.most


@dataclass(frozen=True, slots=True)
class Situation:
    """The queue, and all that limits it.

    Args:
        scene: what waits and runs.
        workers: how many live.
        busy: slots in use.
        per_worker: slots of a worker.
        gates: limits that are numbers.
        stops: limits that are none: paused, shut, spent.
    """

    scene: Scene
    workers: int
    busy: int
    per_worker: int
    gates: Sequence[Gate] = ()
    stops: Sequence[Limit] = field(default=())


def find(now: Situation) -> Bottleneck:
    """The limits that bind now. Pure."""
    waiting = len(now.scene.loads)
    if not waiting:
        return Bottleneck()
    binding = sorted(
        [*_slots(now), *(_raised(now, gate) for gate in now.gates if gate.binds)],
        key=lambda one: (one.wait_raised or 0.0) - (one.wait or 0.0),
    )
    return Bottleneck([*now.stops, *binding], waiting)


def _slots(now: Situation) -> Iterator[Limit]:
    waiting = len(now.scene.loads)
    if not now.workers:
        remedy = "No worker is running, so nothing starts. Start one with `manage.py up` or `qcluster`."
        yield Limit("workers", "", 0, 0, remedy, waiting)
        return
    total = now.workers * now.per_worker
    if now.busy < total:
        return
    more = total + now.per_worker
    wait, raised = _wait(now, now.scene.slots), _wait(now, now.scene.slots + now.per_worker)
    yield Limit(
        "slots",
        "",
        now.busy,
        total,
        f"All {total} slots are busy. {_gain('One more worker', wait, raised)}",
        waiting,
        wait,
        more,
        raised,
    )


def _raised(now: Situation, gate: Gate) -> Limit:
    wait, raised = _wait(now, now.scene.slots, gate), _wait(now, now.scene.slots, gate, raised=True)
    what = f"Raising it from {gate.most:g} to {gate.most + gate.step:g}"
    return Limit(
        gate.name,
        gate.of,
        gate.used,
        gate.most,
        f"{gate.remedy} {_gain(what, wait, raised)}",
        gate.concerns,
        wait,
        gate.most + gate.step,
        raised,
    )


def _gain(what: str, wait: float | None, raised: float | None) -> str:
    if wait is None or raised is None:
        return f"{what} might help; there are too few waiting jobs to say how much."
    if raised > 0.95 * wait:
        return f"{what} would not shorten the wait noticeably."
    return f"{what} would shorten the average wait from about {wait:.0f} s to about {raised:.0f} s."


def _wait(
    now: Situation, slots: int, raise_this: Gate | None = None, *, raised: bool = False
) -> float | None:
    """Seconds that the waiting jobs (that the gate concerns) wait on the average."""
    gates = now.gates
    if raise_this is not None and raised:
        gates = [_one_step_up(one) if one is raise_this else one for one in gates]
    concerned = [True] * len(now.scene.loads)
    if raise_this is not None:
        concerned = [seconds > 0 for seconds in raise_this.holders]
    if sum(concerned) < ENOUGH:
        return None
    loads = [
        replace(load, holds=[(gate.key, gate.holders[index]) for gate in gates if gate.holders[index] > 0])
        for index, load in enumerate(now.scene.loads)
    ]
    places = {gate.key: gate.servers for gate in gates}
    expected = forecast(slots, now.scene.running, loads, places, now.scene.arrivals)
    waits = [one.wait for one, counts in zip(expected, concerned, strict=True) if counts]
    return math.fsum(waits) / len(waits)


def _one_step_up(gate: Gate) -> Gate:
    """A gate with one step more: more places, or for a rate shorter intervals."""
    if gate.servers > 1 or gate.step == 1:
        return replace(gate, servers=gate.servers + int(gate.step))
    factor = gate.most / (gate.most + gate.step)
    return replace(gate, holders=[seconds * factor for seconds in gate.holders])


# What it is made of


def read(now: datetime | None = None, scene: Scene | None = None) -> Bottleneck:
    """The limits that bind now. No more than a dozen queries besides those of the ``scene``, if that is not
    known, and one when nothing waits."""
    return find(situation(now or timezone.now(), scene or standings.scene()))


def situation(now: datetime, scene: Scene) -> Situation:
    """The queue as it is, and all that limits it."""
    workers, per_worker = queue.live_workers(), int(settings.PROCESSING_CONCURRENCY)
    if not scene.loads:
        return Situation(scene, workers, 0, per_worker)
    running = list(Step.objects.filter(status=Status.PROCESSING).order_by().values_list("kind", "owner_id"))
    policies = admission.read()
    gates = [
        *_kind_gates(scene, policies.kinds, Counter(kind for kind, _ in running)),
        *_person_gates(scene, policies.tiers, Counter(owner for _, owner in running)),
        *_provider_gates(scene, now),
    ]
    stops = [*_paused(scene, policies.kinds), *_shut(scene, now), *_spent(scene, now)]
    return Situation(scene, workers, len(running), per_worker, gates, stops)


def _kind_gates(scene: Scene, limits: Mapping[str, int], running: Counter[str]) -> Iterator[Gate]:
    for kind, most in limits.items():
        if most > 0:
            whole = kind == admission.WHOLE_QUEUE
            holders = [
                load.work if whole or of == kind else 0.0
                for load, of in zip(scene.loads, scene.kinds, strict=True)
            ]
            used = running.total() if whole else running[kind]
            name = "The whole queue" if whole else f"The kind “{kind}”"
            yield Gate("kind", kind, used, most, 1, holders, most, f"{name} may run {most} steps at once.")


def _person_gates(scene: Scene, tiers: Mapping[int, int], running: Counter[int]) -> Iterator[Gate]:
    if not tiers:
        return
    owners = _owners(scene)
    shares = Share.objects.filter(user_id__in=owners, tier_id__in=tiers)
    for owner, tier in shares.values_list("user_id", "tier_id"):
        most = tiers[tier]
        holders = [load.work if load.owner == owner else 0.0 for load in scene.loads]
        remedy = f"A person's tier lets them run {most} steps at once, and they have more waiting."
        yield Gate("person", str(owner), running[owner], most, 1, holders, most, remedy)


def _provider_gates(scene: Scene, now: datetime) -> Iterator[Gate]:
    """Of the doors to whom is asked first. What a job takes there is what calls took on the average."""
    first = chain.providers()[0]
    keys = set(doors.keys_of(first))
    found = [one for one in Door.objects.filter(provider=first.name) if doors.key(one) in keys]
    limited = [one for one in found if doors.limits(one).any]
    if not limited:
        return
    through = doors.traffic(limited, now)
    seconds, tokens = _usual_call(first.name)
    asking = [_asking_steps(kind) / len(found) for kind in scene.kinds]
    for door in limited:
        yield from _gates_of(door, doors.limits(door), through[doors.key(door)], asking, seconds, tokens)


def _gates_of(
    door: Door, most: Limits, through: Traffic, asking: Sequence[float], seconds: float, tokens: float
) -> Iterator[Gate]:
    of = str(door)
    if most.running:
        held = [calls * seconds for calls in asking]
        remedy = f"{of} takes {most.running} calls at once."
        yield Gate("provider_running", of, through.running, most.running, 1, held, most.running, remedy)
    if most.requests:
        held = [calls * MINUTE / most.requests for calls in asking]
        remedy = f"{of} takes {most.requests} requests a minute."
        step = _tenth(most.requests)
        yield Gate("provider_requests", of, through.requests, most.requests, step, held, 1, remedy)
    if most.tokens and tokens:
        held = [calls * tokens * MINUTE / most.tokens for calls in asking]
        remedy = f"{of} takes {most.tokens} tokens a minute."
        used = through.tokens + tokens  # it binds when the next call does not fit any more
        yield Gate("provider_tokens", of, used, most.tokens, _tenth(most.tokens), held, 1, remedy)


def _tenth(value: int) -> float:
    return max(2.0, round(value / 10))


def _usual_call(provider: str) -> tuple[float, float]:
    """Seconds and tokens of a call, on the average of the last hundred that went well; 0 without any."""
    calls = ProviderCall.objects.filter(provider=provider, outcome=ProviderCall.Outcome.SUCCEEDED)
    fields = ("started_at", "finished_at", "tokens_in", "tokens_out")
    rows = [row for row in calls.order_by("-id").values_list(*fields)[:100] if row[1]]
    if not rows:
        return 1.0, 0.0
    seconds = math.fsum((end - start).total_seconds() for start, end, *_ in rows if end)
    return seconds / len(rows), sum((given or 0) + (got or 0) for *_, given, got in rows) / len(rows)


def _asking_steps(kind: str) -> int:
    return sum(step.asks for step in registry.get(kind).steps) if kind in registry else 0


def _paused(scene: Scene, limits: Mapping[str, int]) -> Iterator[Limit]:
    for kind, most in limits.items():
        whole = kind == admission.WHOLE_QUEUE
        held = len(scene.kinds) if whole else sum(of == kind for of in scene.kinds)
        if most == 0 and held:
            name = "The whole queue" if whole else f"The kind “{kind}”"
            remedy = f"{name} is paused. Resume it when what it was paused for is over."
            yield Limit("paused", kind, None, None, remedy, held)


def _shut(scene: Scene, now: datetime) -> Iterator[Limit]:
    asking = sum(_asking_steps(kind) > 0 for kind in scene.kinds)
    if not asking:
        return
    closed = Door.objects.filter(closed_until__gt=now, provider__in=[one.name for one in chain.providers()])
    for door in closed:
        if door.closed_until:
            seconds = (door.closed_until - now).total_seconds()
            remedy = (
                f"The door to {door} is closed for {seconds:.0f} s more ({door.closed_for or 'failures'})."
            )
            yield Limit("door_closed", str(door), None, None, remedy, asking)


def _spent(scene: Scene, now: datetime) -> Iterator[Limit]:
    """People with waiting jobs, and the installation, whose budget of today is used up."""
    purses = budgets.purses(_owners(scene), now)
    for payer, limit in purses.limits.items():
        spent = purses.spent.get(payer) or 0
        if spent >= limit:
            held = sum(payer in (budgets.SITE, load.owner) for load in scene.loads)
            whose = "the installation" if payer == budgets.SITE else "a person with waiting jobs"
            remedy = f"Today's budget of {whose} is used up; it renews at midnight UTC. Raise it, or wait."
            yield Limit("budget", str(payer or ""), float(spent), float(limit), remedy, held)


def _owners(scene: Scene) -> set[int]:
    return {load.owner for load in scene.loads if isinstance(load.owner, int)}
