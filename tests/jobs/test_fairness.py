"""Who gets how much of the slots, by simulation and by the real claims."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobs import actions, ranking
from jobs.actions import Submission, submit_many
from jobs.claims import Claim, Settlement
from jobs.claims import settle as settle_claims
from jobs.ledger import Spent
from jobs.models import Job, Share, Step, Tier
from jobs.outcomes import Succeeded
from jobs.states import Priority
from tests.jobs.engine import claim, job, person, settle


@dataclass(order=True)
class Waiting:
    """A job in the simulated queue, of so many slot-seconds."""

    rank: float
    number: int
    owner: str = field(compare=False)
    start: float = field(compare=False)
    seconds: float = field(compare=False)
    priority: Priority = field(compare=False)


class Slots:
    """The queue by `jobs.ranking` alone, over slots that each run one job at a time."""

    def __init__(self, slots: int, weights: dict[str, float] | None = None) -> None:
        self.weights = weights or {}
        self.now = self.virtual_time = 0.0
        self.finish: dict[str, float] = defaultdict(float)
        self.line: list[Waiting] = []
        self.slots = [0.0] * slots
        self.given: Counter[str] = Counter()
        self.started: dict[int, float] = {}
        self._count = 0

    def submit(self, owner: str, seconds: float, priority: Priority = Priority.NORMAL) -> int:
        """Queues a job; its number."""
        tags = ranking.tags(
            virtual_time=self.virtual_time,
            last_finish=self.finish[owner],
            seconds=seconds,
            weight=self.weights.get(owner, 1.0),
        )
        self.finish[owner] = tags.finish
        self._count += 1
        rank = ranking.rank(tags.start, priority)
        heappush(self.line, Waiting(rank, self._count, owner, tags.start, seconds, priority))
        return self._count

    def serve_one(self) -> Waiting:
        """Gives the slot that is free first to whose turn it is."""
        heapify(self.slots)
        self.now = heappop(self.slots)
        job = heappop(self.line)
        self.virtual_time = max(self.virtual_time, ranking.served(job.start, job.priority))
        self.given[job.owner] += job.seconds
        self.started[job.number] = self.now
        heappush(self.slots, self.now + job.seconds)
        return job


lengths = st.floats(0.5, 30)
crowd = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.floats(0.25, 8), lengths), min_size=2, max_size=6
)


@given(crowd, st.integers(1, 16))
@settings(max_examples=60, deadline=None)
def test_it_shares_the_slots_by_weight_among_those_who_always_want_more(people, slots):
    """Within 10 %, once each was given ten jobs' worth: less than that is in the size of the jobs."""
    simulated = Slots(slots, {name: weight for name, (weight, _) in people.items()})
    for _ in range(2):
        for name, (_, seconds) in people.items():
            simulated.submit(name, seconds)
    while min(simulated.given[name] / seconds for name, (_, seconds) in people.items()) < 22:
        served = simulated.serve_one()
        simulated.submit(served.owner, served.seconds)
    served_by_weight = [simulated.given[name] / weight for name, (weight, _) in people.items()]
    longest = max(seconds / weight for weight, seconds in people.values())
    assume(min(served_by_weight) > 20 * longest)
    assert max(served_by_weight) <= 1.1 * min(served_by_weight)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), lengths), min_size=1, max_size=200),
    st.integers(1, 8),
    st.integers(0, 60),
    st.sampled_from([Priority.NORMAL, Priority.HIGH, Priority.URGENT]),
)
@settings(max_examples=100, deadline=None)
def test_it_starts_a_newcomer_in_the_next_free_slot_whatever_others_queued(queued, slots, served, priority):
    simulated = Slots(slots)
    for name, seconds in queued:
        simulated.submit(name, seconds, priority)
    for _ in range(min(served, len(queued) - 1)):
        simulated.serve_one()
    simulated.submit("newcomer", 5, priority)
    assert simulated.serve_one().owner == "newcomer" or simulated.virtual_time == 0.0


@given(st.lists(st.tuples(st.sampled_from("abc"), lengths), min_size=20, max_size=100), st.integers(0, 19))
@settings(max_examples=60, deadline=None)
def test_it_starts_a_newcomer_at_once_also_after_urgent_jobs_overtook_others(queued, served):
    simulated = Slots(1)
    for _, seconds in queued:
        simulated.submit("patient", seconds)
    for name, seconds in queued:
        simulated.submit(name, seconds, Priority.URGENT)
    for _ in range(served):
        simulated.serve_one()
    number = simulated.submit("newcomer", 5)
    patient = 0
    while number not in simulated.started:
        patient += simulated.serve_one().owner == "patient"
    assert patient <= 1, "the newcomer waited for what the urgent jobs had overtaken"


@given(st.integers(1, 5), lengths, lengths, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_it_starves_nobody_under_endless_urgent_jobs_of_others(others, urgent, normal, slots):
    simulated = Slots(slots)
    names = [f"urgent {number}" for number in range(others)]
    for name in names:
        for _ in range(slots + 1):
            simulated.submit(name, urgent, Priority.URGENT)
    number = simulated.submit("patient", normal)
    head_start = ranking.HEAD_START[Priority.URGENT]
    bound = others * (head_start + 2 * urgent) / urgent + slots * (others + 1)
    for _ in range(int(bound) + 1):
        if number in simulated.started:
            return
        served = simulated.serve_one()
        simulated.submit(served.owner, urgent, Priority.URGENT)
    assert number in simulated.started


# The same with the real queue


def owners(claimed: list[Claim]) -> Counter[str]:
    return Counter(one.job.owner.username for one in claimed)


def settle_all(claimed: list[Claim]) -> None:
    settle_claims([Settlement(one, Succeeded({}), Spent()) for one in claimed])


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["noop", "chain"])
def test_it_starts_one_persons_job_next_though_another_queued_a_thousand(kind, settings):
    submit_many(person("alice"), [Submission(f"test.{kind}")] * 1000)
    for _ in range(3):
        settle_all(claim(slots=8))
    running = claim(slots=8)
    newcomer = job(kind, owner="bob")
    settle(running[0])
    (first,) = claim(slots=1)
    settle(running[1])
    (second,) = claim(slots=1)
    assert newcomer.pk in (first.job.pk, second.job.pk)


@pytest.mark.django_db
def test_it_finishes_a_job_before_it_begins_the_owners_next():
    submit_many(person("alice"), [Submission("test.chain")] * 5)
    order = []
    while claimed := claim(slots=1):
        order.append(claimed[0].job.pk)
        settle(claimed[0])
    assert order == [pk for pk in dict.fromkeys(order) for _ in range(3)]


@pytest.mark.django_db
@pytest.mark.parametrize("slots", [1, 3, 8])
def test_it_begins_no_more_jobs_of_a_person_than_there_are_slots(slots):
    submit_many(person("alice"), [Submission("test.chain")] * 20)
    while claimed := claim(slots):
        begun = Job.objects.filter(started_at__isnull=False, finished_at=None).count()
        assert begun <= slots
        settle_all(claimed)
    assert set(Job.objects.values_list("status", flat=True)) == {"completed"}


@pytest.mark.django_db
def test_it_finishes_what_newcomers_asked_for_before_it_begins_that_of_more():
    submit_many(person("alice"), [Submission("test.chain")] * 3)
    held = claim(slots=3)
    newcomers = [job("chain", owner=f"person {number}") for number in range(12)]
    ids = [one.pk for one in newcomers]
    while claimed := claim(slots=2):
        begun = Job.objects.filter(pk__in=ids, started_at__isnull=False, finished_at=None).count()
        assert begun <= 2
        settle_all(claimed)
    assert len(held) == 3
    assert Job.objects.filter(pk__in=ids, status="completed").count() == 12


@pytest.mark.django_db
def test_it_gives_the_tiers_their_weights():
    weights = {"alice": 1.0, "bob": 2.0, "charlie": 4.0}
    for name, weight in weights.items():
        tier = Tier.objects.create(name=name, weight=weight)
        Share.objects.create(user=person(name), tier=tier)
        submit_many(person(name), [Submission("test.noop")] * 400)
    given: Counter[str] = Counter()
    for _ in range(100):
        claimed = claim(slots=5)
        given += owners(claimed)
        settle_all(claimed)
    by_weight = [given[name] / weight for name, weight in weights.items()]
    assert given.total() == 500
    assert max(by_weight) <= 1.1 * min(by_weight)


def is_ranked(made: Job) -> bool:
    made.refresh_from_db()
    ranks = Step.objects.filter(job=made, status="queued").values_list("rank", flat=True)
    return set(ranks) == {ranking.rank(made.start_tag, made.priority)}


@pytest.mark.django_db
def test_it_ranks_by_the_start_of_the_job_through_all_that_happens_to_it():
    job(owner="alice")
    made = job("diamond", owner="alice")
    assert made.start_tag > 0
    assert is_ranked(made)
    actions.reprioritise(made, "urgent")
    assert is_ranked(made)
    (claimed,) = claim(slots=1)
    assert claimed.job.pk == made.pk
    settle(claimed)
    assert is_ranked(made)
    actions.reprioritise(made, "low")
    assert is_ranked(made)
    actions.cancel(made)
    actions.retry(made)
    assert is_ranked(made)


@pytest.mark.django_db
def test_it_charges_a_job_once_and_a_retried_one_for_what_is_left():
    made = job("chain")
    share = Share.objects.get()
    whole = share.finish_tag
    settle(claim()[0])
    (second,) = claim()
    share.refresh_from_db()
    assert share.finish_tag == whole
    settle(second)
    actions.cancel(made)
    actions.retry(made)
    made.refresh_from_db()
    share.refresh_from_db()
    left = made.steps.get(name="third").predicted_seconds
    assert share.finish_tag == pytest.approx(made.start_tag + left)


@pytest.mark.django_db
def test_it_asks_for_no_share_and_no_clock_when_a_step_ends():
    many = submit_many(person("alice"), [Submission("test.chain")] * 20)
    claimed = claim(slots=5)
    with CaptureQueriesContext(connection) as asked:
        settle_all(claimed)
    assert len(many) > len(claimed)
    statements = " ".join(one["sql"] for one in asked)
    assert "jobs_share" not in statements
    assert "jobs_queueclock" not in statements


@pytest.mark.django_db
def test_it_takes_back_the_charge_of_jobs_that_were_cancelled_before_they_began():
    first = job("chain")
    assert claim(slots=1)
    finish = Share.objects.get().finish_tag
    others = submit_many(person(), [Submission("test.chain")] * 10)
    kept = others.pop(3)
    for one in others:
        actions.cancel(one)
    kept.refresh_from_db()
    assert Share.objects.get().finish_tag == pytest.approx(kept.start_tag + finish - first.start_tag)
    actions.cancel(kept)
    assert Share.objects.get().finish_tag == finish
    actions.cancel(first)
    assert Share.objects.get().finish_tag == finish, "what was begun stays charged"


@pytest.mark.django_db
def test_it_holds_nothing_against_who_used_an_idle_system():
    for _ in range(5):
        job("chain", owner="alice")
    while claimed := claim():
        settle_all(claimed)
    early = job("chain", owner="alice")
    late = job("chain", owner="bob")
    assert early.start_tag == late.start_tag == Share.objects.get(user=person("bob")).finish_tag - 6
