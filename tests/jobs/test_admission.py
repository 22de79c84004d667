"""Limits on what runs: they hold, whoever claims when, and nobody waits behind others' limits."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs import admission, claims, rescue
from jobs.actions import Submission, submit_many
from jobs.claims import Claim
from jobs.errors import ProviderUnavailable
from jobs.models import Door, Job, KindPolicy, Share, Step, Tier
from jobs.outcomes import Released
from tests.jobs.engine import claim, drain_until, job, person, settle

PEOPLE = ("alice", "bob", "charlie")
KINDS = ("noop", "chain", "diamond")


def limit(owner: str, **limits: Any) -> Tier:
    tier = Tier.objects.create(name=f"tier of {owner}", **limits)
    Share.objects.update_or_create(user=person(owner), defaults={"tier": tier})
    return tier


def many(owner: str, count: int, kind: str = "noop") -> list[Job]:
    return submit_many(person(owner), [Submission(f"test.{kind}")] * count)


def owners(claimed: list[Claim]) -> Counter[str]:
    return Counter(one.job.owner.username for one in claimed)


@pytest.mark.django_db
def test_it_runs_no_more_of_a_person_than_their_tier_allows_and_fills_up_with_others():
    limit("alice", max_running=2)
    many("alice", 1000)
    many("bob", 3)
    claimed = claim(slots=10)
    assert owners(claimed) == {"alice": 2, "bob": 3}
    assert claim(slots=10) == []
    settle(next(one for one in claimed if one.job.owner.username == "alice"))
    assert owners(claim(slots=10)) == {"alice": 1}


@pytest.mark.django_db
def test_it_reaches_a_person_behind_many_who_are_at_their_limits():
    tier = Tier.objects.create(name="small", max_running=0)
    for number in range(70):
        name = f"person {number}"
        Share.objects.create(user=person(name), tier=tier)
        many(name, 2)
    last = job(owner="zoe")
    (claimed,) = claim(slots=3)
    assert claimed.job.pk == last.pk


@pytest.mark.django_db
def test_it_runs_no_more_of_a_kind_than_its_limit():
    KindPolicy.objects.create(kind="test.noop", max_running=3)
    many("alice", 20)
    many("bob", 2, "slow")
    assert Counter(one.job.kind for one in claim(slots=10)) == {"test.noop": 3, "test.slow": 2}


@pytest.mark.django_db
@pytest.mark.parametrize("policy", [{"max_running": 0}, {"paused_at": timezone.now()}])
def test_it_claims_nothing_of_a_kind_that_is_stopped_or_paused(policy):
    KindPolicy.objects.create(kind="test.noop", **policy)
    many("alice", 5)
    other = job("slow")
    assert [one.job.pk for one in claim()] == [other.pk]
    KindPolicy.objects.all().delete()
    assert len(claim()) == 5


@pytest.mark.django_db
@pytest.mark.parametrize(("policy", "runs"), [({"paused_at": timezone.now()}, 0), ({"max_running": 4}, 4)])
def test_it_limits_and_pauses_the_whole_queue(policy, runs):
    KindPolicy.objects.create(kind="", **policy)
    many("alice", 3)
    many("bob", 3)
    assert len(claim(slots=3)) + len(claim(slots=3)) == runs


@pytest.mark.django_db
def test_it_leaves_steps_that_need_a_provider_while_its_door_is_shut(settings):
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_API_KEY, settings.OPENAI_MODEL = "openai", "test", "m"
    job("ask", input={"text": "hello"})
    Step.objects.update(asks=True)
    free = job("noop")
    ((provider, endpoint, model),) = admission.doors.keys_of(admission.doors.chain.providers()[0])
    door = Door.objects.create(provider=provider, endpoint=endpoint, model=model)
    door.closed_until, door.closed_for = timezone.now() + timedelta(minutes=1), "provider_rate_limited"
    door.save()
    assert [one.job.pk for one in claim()] == [free.pk]
    Door.objects.update(closed_until=None)
    assert len(claim()) == 1


@pytest.mark.django_db
def test_it_frees_the_place_of_a_step_whose_worker_died():
    limit("alice", max_running=1)
    many("alice", 2)
    assert len(claim()) == 1
    assert claim() == []
    Step.objects.filter(status="processing").update(lease_until=timezone.now() - timedelta(seconds=1))
    rescue.rescue_expired()
    assert len(claim()) == 1


@pytest.mark.django_db
def test_it_keeps_finishing_begun_jobs_first_for_a_person_at_their_limit():
    limit("alice", max_running=1)
    many("alice", 4, "chain")
    many("bob", 40, "chain")
    order = []
    while claimed := claim(slots=4):
        for one in claimed:
            if one.job.owner.username == "alice":
                order.append(one.job.pk)
            settle(one)
    assert order == [pk for pk in dict.fromkeys(order) for _ in range(3)]


@pytest.mark.django_db
def test_it_asks_nothing_more_where_nothing_is_limited():
    many("alice", 40)
    watch = admission.Watch()
    assert not watch.policies().any
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert not watch.policies().any
        claimed = claims.claim(uuid4(), 10, 1, watch.policies())
    tables = " ".join(one["sql"] for one in asked)
    assert len(claimed) == 10
    assert "jobs_kindpolicy" not in tables
    assert "jobs_tier" not in tables


@pytest.mark.django_db
def test_it_hears_of_a_new_limit_within_a_second(monkeypatch):
    watch, now = admission.Watch(), time.monotonic()
    monkeypatch.setattr(admission.time, "monotonic", lambda: now)
    assert not watch.policies().any
    KindPolicy.objects.create(kind="test.noop", max_running=1)
    assert not watch.policies().any
    now += admission.FRESH_SECONDS
    assert watch.policies().kinds == {"test.noop": 1}


class Limited(RuleBasedStateMachine):
    """Three people, three kinds, two workers that claim and end in any order, and staff who change limits."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.workers = [uuid4(), uuid4()]
        self.held: list[Claim] = []
        self.of_people: dict[str, int | None] = dict.fromkeys(PEOPLE)
        self.of_kinds: dict[str, int | None] = dict.fromkeys(("", *KINDS))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(owner=st.sampled_from(PEOPLE), kind=st.sampled_from(KINDS), count=st.integers(1, 8))
    def submit(self, owner: str, kind: str, count: int) -> None:
        many(owner, count, kind)

    @precondition(lambda self: not self.held)
    @rule(owner=st.sampled_from(PEOPLE), most=st.none() | st.integers(0, 3))
    def limit_person(self, owner: str, most: int | None) -> None:
        tier, _ = Tier.objects.update_or_create(name=owner, defaults={"max_running": most})
        Share.objects.update_or_create(user=person(owner), defaults={"tier": tier})
        self.of_people[owner] = most

    @precondition(lambda self: not self.held)
    @rule(kind=st.sampled_from(("", *KINDS)), most=st.none() | st.integers(0, 3))
    def limit_kind(self, kind: str, most: int | None) -> None:
        name = kind and f"test.{kind}"
        KindPolicy.objects.update_or_create(kind=name, defaults={"max_running": most})
        self.of_kinds[kind] = most

    @rule(worker=st.sampled_from([0, 1]), slots=st.integers(1, 6))
    def claim(self, worker: int, slots: int) -> None:
        taken = claim(slots, self.workers[worker])
        self.held += taken
        assert len(taken) == slots or not self._claimable(), "a slot stays free though something may run"

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from([None, ProviderUnavailable(retry_after=1), Released()]))
    def end(self, data: st.DataObject, how: Any) -> None:
        settle(self.held.pop(data.draw(st.integers(0, len(self.held) - 1))), how)

    @invariant()
    def no_limit_is_passed(self) -> None:
        people, kinds = self._running()
        for owner, most in self.of_people.items():
            assert most is None or people[owner] <= most
        for kind, most in self.of_kinds.items():
            assert most is None or kinds[kind] <= most

    def _running(self) -> tuple[Counter[str], Counter[str]]:
        names = {person(name).pk: name for name in PEOPLE}
        running = Step.objects.filter(status="processing")
        people = Counter(names[owner] for owner in running.values_list("owner_id", flat=True))
        kinds = Counter(kind.removeprefix("test.") for kind in running.values_list("kind", flat=True))
        kinds[""] = people.total()
        return people, kinds

    def _claimable(self) -> bool:
        people, kinds = self._running()
        names = {person(name).pk: name for name in PEOPLE}

        def may(owner: str, kind: str) -> bool:
            limits = (
                (self.of_people[owner], people[owner]),
                (self.of_kinds[kind], kinds[kind]),
                (self.of_kinds[""], kinds[""]),
            )
            return all(most is None or there < most for most, there in limits)

        queued = Step.objects.filter(status="queued").values_list("owner_id", "kind")
        return any(may(names[owner], kind.removeprefix("test.")) for owner, kind in queued)


@pytest.mark.django_db
def test_its_limits_hold_in_whatever_order_and_waste_no_slot() -> None:
    run_state_machine_as_test(
        Limited,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_its_limits_hold_when_workers_claim_at_the_same_time():
    limit("alice", max_running=3)
    KindPolicy.objects.create(kind="test.slow", max_running=2)
    many("alice", 40)
    many("bob", 40, "slow")

    def claim_and_look(number: int) -> tuple[int, int]:
        try:
            mine: list[Claim] = []
            worst = (0, 0)
            for turn in range(6):
                mine += claims.claim(uuid4(), 4, 1)
                running = list(Step.objects.filter(status="processing").values_list("owner_id", "kind"))
                of_alice = sum(owner == alice for owner, _ in running)
                worst = max(worst[0], of_alice), max(worst[1], len(running) - of_alice)
                if turn % 2:
                    for one in mine:
                        settle(one)
                    mine = []
            return worst
        finally:
            connection.close()

    alice = person("alice").pk
    with ThreadPoolExecutor(4) as threads:
        seen = list(threads.map(claim_and_look, range(4)))
    assert max(of_alice for of_alice, _ in seen) == 3
    assert max(slow for _, slow in seen) == 2


@pytest.mark.django_db(transaction=True)
def test_a_drain_goes_on_by_itself_with_what_a_limit_held_back(monkeypatch):
    limit("alice", max_running=1)
    made = [job("slow", input={"seconds": 0.05}) for _ in range(4)]
    tries: list[int] = []
    honest = claims.claim

    def counted(*arguments: Any) -> list[Claim]:
        found = honest(*arguments)
        tries.append(len(found))
        return found

    monkeypatch.setattr(claims, "claim", counted)
    drain_until(lambda: Job.objects.filter(finished_at__isnull=False).count() == len(made))
    assert max(tries) == 1
    assert len(tries) < 60, "it asked again and again while there was nothing to be had"
