"""What must hold after a chaos run, and the report of it. Reads the database; all processes have ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Max
from django.db.models.functions import Coalesce

from jobs import pricing
from jobs.models import Attempt, Job, ProviderCall
from jobs.states import TERMINAL
from realtime.models import Event, Stream
from tests.chaos.mischief import Mischief
from tests.chaos.people import Follower, Person
from tests.jobs.invariants import broken

MODEL = "gpt-5-mini"
COMPLETED_AT_LEAST = 0.99
RECOVERED_AT_LEAST = 0.95
SHOWN = 5
"""Examples of what is wrong that are shown of each rule."""


@dataclass(slots=True)
class Verdict:
    """The lines of the report, and what is wrong."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def figure(self, name: str, value: object, *, well: bool = True) -> None:
        """Adds a figure to the report; one that is not well makes the run fail."""
        mark = "" if well else "   <-- WRONG"
        self.lines.append(f"  {name:<58} {value}{mark}")
        if not well:
            self.wrong.append(f"{name}: {value}")

    def none(self, name: str, found: Iterable[object]) -> None:
        """Adds how many were found of what must not be, with examples."""
        rows = list(found)
        self.figure(name, len(rows), well=not rows)
        self.lines += [f"      {row}" for row in rows[:SHOWN]]


def judge(people: list[Person], poor: Person, followers: list[Follower], service: Mischief) -> Verdict:
    """The verdict on a run.

    Args:
        people: everybody who submitted.
        poor: the one of them whose budget is small.
        followers: of everybody's stream; they have stopped.
        service: the AI service.
    """
    verdict = Verdict()
    _jobs(verdict, people, poor)
    _attempts(verdict, poor)
    _budget(verdict, poor, service)
    _paid_once(verdict, people, service)
    _streams(verdict, followers)
    for rule, rows in broken().items():
        verdict.none(rule, rows)
    return verdict


def _jobs(verdict: Verdict, people: list[Person], poor: Person) -> None:
    accepted = {job for person in people for job in person.accepted}
    jobs = {str(pk): status for pk, status in Job.objects.values_list("pk", "status")}
    verdict.figure("jobs answered 202", len(accepted))
    verdict.none("of these, lost", accepted - jobs.keys())
    verdict.none("jobs that nobody was answered for (made twice)", jobs.keys() - accepted)
    verdict.none("jobs that have not ended", [job for job in jobs if jobs[job] not in TERMINAL])
    others = Job.objects.exclude(owner__username=poor.name)
    completed = others.filter(status="completed").count()
    share = completed / max(1, others.count())
    well = share >= COMPLETED_AT_LEAST
    verdict.figure("completed, besides those without a budget", f"{completed} = {share:.2%}", well=well)
    failed = others.filter(status="failed")
    for kind, code, message in failed.values_list("kind", "error_code", "error_message")[:SHOWN]:
        verdict.lines.append(f"      {kind}: {code}: {message}")
    verdict.figure("completed, but degraded", others.filter(degraded=True).count())
    refused = [str(one) for person in people if person is not poor for one in person.refused]
    verdict.none("submissions refused for good", refused)
    verdict.figure("requests to the API", sum(one.tries for one in people))
    trouble = sum((one.trouble for one in people), Counter[str]())
    told = ", ".join(f"{number} {kind}" for kind, number in trouble.most_common())
    verdict.figure("of these, had to be repeated", told or "none")
    verdict.figure("answered 500, without a reason", trouble["500"], well=not trouble["500"])


def _attempts(verdict: Verdict, poor: Person) -> None:
    attempts = Attempt.objects.exclude(step__job__owner__username=poor.name)
    outcomes = Counter(attempts.values_list("outcome", flat=True))
    verdict.figure("attempts", ", ".join(f"{number} {name}" for name, number in outcomes.most_common()))
    failed = attempts.filter(outcome__in=("failed", "lost"))
    recovered = failed.filter(step__status="completed").count()
    share = recovered / max(1, failed.count())
    well = share >= RECOVERED_AT_LEAST
    verdict.figure("failed attempts recovered", f"{recovered} = {share:.2%}", well=well)
    verdict.figure("longest time in which no step began", _longest_pause())
    codes = Counter(failed.values_list("error_code", flat=True))
    verdict.figure("they failed by", ", ".join(f"{number} {code}" for code, number in codes.most_common()))


def _longest_pause() -> str:
    moments = list(Attempt.objects.order_by("started_at").values_list("started_at", flat=True))
    first = moments[0]
    seconds, at = max(
        ((later - one).total_seconds(), (one - first).total_seconds()) for one, later in pairwise(moments)
    )
    return f"{seconds:.1f} s, {at:.1f} s after the first"


def _budget(verdict: Verdict, poor: Person, service: Mischief) -> None:
    from jobs.models import Share

    share = Share.objects.select_related("tier").get(user__username=poor.name)
    assert share.tier is not None
    budget = share.tier.budget_usd_per_day
    assert budget is not None
    counted = sum(
        ProviderCall.objects.filter(owner_id=share.user_id).values_list(
            Coalesce("cost_usd", "usd_reserved", Decimal(0)), flat=True
        ),
        Decimal(0),
    )
    numbers = {wish.number for wish in poor.accepted.values()}
    billed = sum(
        (pricing.cost(MODEL, *one.tokens) or Decimal(0) for one in service.told if one.job in numbers),
        Decimal(0),
    )
    verdict.figure(f"spent of a budget of ${budget}, by our ledger", f"${counted}", well=counted <= budget)
    verdict.figure("… and by the service's own", f"${billed}", well=billed <= budget)
    jobs = Job.objects.filter(owner_id=share.user_id)
    stopped = jobs.filter(status="failed", error_code="budget_exceeded").count()
    stopped += sum(refused.status == 402 for refused in poor.refused)
    verdict.figure("jobs stopped by that budget", stopped, well=stopped > 0)
    other = jobs.filter(status="failed").exclude(error_code="budget_exceeded")
    verdict.none("jobs of that person which failed otherwise", other.values_list("pk", "error_code"))


def _paid_once(verdict: Verdict, people: list[Person], service: Mischief) -> None:
    """Each good answer is stored before it is used. One on its way to a worker that was killed, or was
    taken for dead, is asked for again: so many may be."""
    number_of = {job: wish.number for person in people for job, wish in person.accepted.items()}
    unheard: Counter[int] = Counter()
    lost = set(Attempt.objects.filter(outcome="lost").values_list("step_id", "number"))
    for job, *attempt in ProviderCall.objects.values_list("step__job_id", "step_id", "attempt"):
        unheard[number_of.get(str(job), -1)] += tuple(attempt) in lost
    well: Counter[tuple[int, str]] = Counter((one.job, one.body) for one in service.told if one.well)
    again: defaultdict[int, int] = defaultdict(int)
    for (job, _), times in well.items():
        again[job] += times - 1
    verdict.figure("requests to the AI service", sum(service.statuses.values()))
    verdict.figure("how they went", ", ".join(f"{n} {name}" for name, n in service.statuses.most_common()))
    verdict.figure("good answers lost with a killed worker, asked for again", sum(again.values()))
    excess = [(job, times, unheard[job]) for job, times in again.items() if times > unheard[job]]
    verdict.none("good answers asked for again without that", excess)


def _streams(verdict: Verdict, followers: list[Follower]) -> None:
    verdict.figure("events", Event.objects.count())
    ends: dict[str, Any] = dict(Stream.objects.annotate(last=Max("events__seq")).values_list("name", "last"))
    faults = []
    for one in followers:
        faults += [f"{one.person.name}: {fault}" for fault in one.faults]
        if one.heard != list(range(one.began_at + 1, one.seq + 1)):
            faults.append(f"{one.person.name} heard something else than {one.began_at + 1} to {one.seq}")
    verdict.figure("events that followers heard", sum(len(one.heard) for one in followers))
    verdict.none("events missed, doubled or out of order for a follower", faults)
    short = [one for one in followers if one.seq not in ends.values()]
    verdict.none("followers that did not get to the end", [one.person.name for one in short])
