"""One chaos run, from the first process to the verdict."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from tests.chaos.installation import Installation
from tests.chaos.mischief import Mischief
from tests.chaos.monkey import Monkey
from tests.chaos.people import Follower, Person
from tests.chaos.verdict import Verdict, judge
from tests.chaos.wishes import wishes

NAMES = ("alice", "bob", "charlie", "paula")
POOR = "paula"
BUDGET_USD = Decimal("0.0043")
"""Of the poor one: a single question may be under way, and after a few nothing is left for another."""
POOR_ASKS = "test.ask"
BETWEEN_JOBS_SECONDS = 0.05
"""For each of the people, on average."""
SECONDS_AT_LEAST, SECONDS_A_JOB = 120.0, 0.6
"""The deadline: what has not ended by then hangs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Args:
        jobs: how many are submitted.
        seed: of all chances.
        pause: seconds between two acts of the monkey, on average.
        rounds: of the monkey, at most.
    """

    jobs: int
    seed: int
    pause: float
    rounds: int


def run(plan: Plan, installation: Installation, service: Mischief) -> Verdict:
    """Submits, breaks, waits, stops everything, and judges."""
    began = time.monotonic()
    people = _people(installation, plan.seed)
    followers = [Follower(person) for person in people]
    for follower in followers:
        follower.start()
    monkey = Monkey(installation, plan.seed, plan.pause)
    submitting = _submitting(plan, people)
    monkey.rage(plan.rounds, lambda: any(one.is_alive() for one in submitting))
    deadline = began + SECONDS_AT_LEAST + SECONDS_A_JOB * plan.jobs
    for one in submitting:
        one.join()
    submitted = time.monotonic() - began
    hanging = _wait_for_the_end(deadline)
    took = time.monotonic() - began
    differences = [fault for follower in followers for fault in _at_its_end(follower)]
    ended = [f"{host.data_dir.name}: {host.output[-500:]}" for host in installation.hosts if not host.alive()]
    with ExitStack() as stack:
        for host in installation.hosts:
            stack.callback(host.stop)
    verdict = judge(people, people[NAMES.index(POOR)], followers, service)
    verdict.none("differences between events and snapshot", differences)
    verdict.none("jobs that hang", hanging)
    verdict.none("hosts that ended by themselves", ended)
    verdict.none("complaints of the database server", installation.store.told())
    kills = ", ".join(f"{number} {name}" for name, number in monkey.done.items())
    verdict.figure("what was broken", kills, well=monkey.has_done_all)
    verdict.figure("seconds from the first job to the last end", f"{took:.1f}")
    verdict.figure("seconds from the first job to the last that was submitted", f"{submitted:.1f}")
    verdict.lines += [f"      {line}" for line in monkey.log]
    return verdict


def _people(installation: Installation, seed: int) -> list[Person]:
    from jobs.models import Share, Tier
    from shipspeak.accounts import api_keys
    from tests.factories import make_user

    addresses = [web.address for web in installation.webs]
    made = []
    for name in NAMES:
        user = make_user(name)
        if name == POOR:
            tier = Tier.objects.create(name="poor", budget_usd_per_day=BUDGET_USD)
            Share.objects.create(user=user, tier=tier)
        made.append(Person(name, api_keys.issue(user)[1], addresses, Random(f"{name} {seed}")))
    return made


def _submitting(plan: Plan, people: list[Person]) -> list[threading.Thread]:
    """Threads in which people submit; they have begun. The poor one has a twentieth of the jobs."""
    few = max(12, plan.jobs // 20)
    each, over = divmod(plan.jobs - few, len(people) - 1)
    shares = [few if one.name == POOR else each + (number < over) for number, one in enumerate(people)]
    threads, first = [], 1
    for person, number in zip(people, shares, strict=True):
        only = POOR_ASKS if person.name == POOR else ""
        wanted = wishes(first, number, Random(f"wishes {person.name} {plan.seed}"), only=only)
        first += number
        pause = BETWEEN_JOBS_SECONDS * max(shares) / number
        threads.append(threading.Thread(target=person.submit, args=(wanted, pause), daemon=True))
    for thread in threads:
        thread.start()
    return threads


def _wait_for_the_end(deadline: float) -> list[Mapping[str, Any]]:
    """The jobs that had not ended at the deadline, with their steps."""
    from jobs.models import Step
    from jobs.states import TERMINAL

    going_on = Step.objects.exclude(job__status__in=TERMINAL).order_by("job_id", "position")
    while _asked(going_on.exists):
        if time.monotonic() > deadline:
            return list(
                going_on.values("job_id", "kind", "name", "status", "worker", "lease_until", "available_at")
            )
        time.sleep(0.25)
    return []


def _asked(query: Any) -> Any:
    try:
        return query()
    except (OperationalError, InterfaceError):
        connection.close()
        return query()


def _at_its_end(follower: Follower) -> list[str]:
    """Lets a follower hear all, and compares."""
    follower.stop()
    follower.join(60)
    return follower.differences()
