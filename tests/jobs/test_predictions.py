from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jobs import predictions
from jobs.models import Attempt, Step
from jobs.outcomes import Succeeded
from jobs.predictions import BELIEVED, ENOUGH, NEIGHBOURS, SHORTEST, Asked, History, Law, Observation
from jobs.quantiles import Duration, weighted_quantile
from tests.jobs.engine import claim, job, settle, steps

SERVICE = Asked("openai", "model")
seconds = st.floats(0.001, 10_000)
sizes = st.integers(0, 10**9)
observations = st.builds(
    Observation, seconds, sizes, st.sampled_from(["", "openai", "local"]), st.sampled_from(["", "model-2026"])
)


def seen(*durations: float, size: int = 1000, provider: str = "openai", model: str = "model-2026") -> list:
    return [Observation(one, size, provider, model) for one in durations]


def test_it_believes_the_estimate_while_nothing_was_seen():
    assert Law().predict(1000, 4.0).p50 == 4.0


def test_it_believes_the_estimate_less_with_every_attempt_and_then_no_more():
    errors = [
        abs(Law.of(seen(*[2.0] * count), SERVICE).predict(1000, 40.0).p50 - 2.0)
        for count in range(ENOUGH + 1)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == 0.0


def test_it_goes_by_attempts_of_about_the_same_size():
    small, large = seen(*[1.0] * 50, size=1_000), seen(*[60.0] * 50, size=1_000_000)
    law = Law.of([*small, *large], SERVICE)
    assert law.predict(1_200, 5.0).p50 == 1.0
    assert law.predict(900_000, 5.0).p50 == 60.0


def test_it_goes_by_the_model_that_will_be_asked_and_by_others_only_for_want_of_it():
    local = seen(*[0.1] * 100, provider="local", model="words")
    assert Law.of([*local, *seen(*[9.0] * NEIGHBOURS)], SERVICE).predict(1000, 5.0).p50 == 9.0
    few = Law.of([*local, *seen(9.0)], SERVICE).predict(1000, 9.0)
    assert 0.1 <= few.p50 < 9.0


def test_it_follows_a_service_that_has_become_slower_and_stays_within_what_was_seen():
    def alternating(took: list[float], count: int) -> list[Observation]:
        return [Observation(took[n % 3], 1000 + 37 * (n % 101)) for n in range(count)]

    before, lately = alternating([4.0, 5.0, 6.0], 150), alternating([8.0, 10.0, 12.0], 30)
    assert Law.of(before, SERVICE).drift == pytest.approx(1.0, abs=0.05)
    slower = Law.of([*lately, *before], SERVICE)
    assert 1.5 < slower.drift < 2.0
    assert slower.predict(2000, 5.0).p50 > 1.4 * Law.of(before, SERVICE).predict(2000, 5.0).p50
    assert slower.predict(2000, 5.0).p90 <= 12.0


def test_it_takes_the_newest_of_those_of_one_size():
    law = Law.of([*seen(*[9.0, 11.0, 10.0] * 10), *seen(*[1.0] * 100)], SERVICE)
    assert law.predict(1000, 5.0).p50 == 10.0
    assert Law.of(seen(*[4.0, 5.0, 6.0] * 50), SERVICE).predict(1000, 5.0).p50 == 5.0


def test_it_counts_a_step_that_asked_nobody_whatever_the_model():
    assert Law.of(seen(*[3.0] * 40, provider="", model=""), SERVICE).predict(1000, 99.0).p50 == 3.0


@given(st.lists(observations, max_size=300), sizes, seconds)
def test_it_gives_quantiles_in_order_above_zero_and_within_what_is_known(found, size, believed):
    predicted = Law.of(found, SERVICE).predict(size, believed)
    known = [one.seconds for one in found] + [believed * factor for factor in BELIEVED]
    assert 0 < predicted.p50 <= predicted.p90
    assert max(SHORTEST, min(known)) * (1 - 1e-9) <= predicted.p50
    assert predicted.p90 <= max(known) * (1 + 1e-9)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0.01, 100)), min_size=1), st.floats(0, 1), st.floats(0, 1)
)
def test_it_has_quantiles_that_rise_with_their_share(values, one, other):
    values.sort()
    low, high = (weighted_quantile(values, share) for share in sorted((one, other)))
    assert values[0][0] <= low <= high <= values[-1][0]


@given(seconds, st.floats(1, 5), st.floats(0, 20_000))
def test_it_always_leaves_something_to_one_that_still_runs(p50, factor, elapsed):
    left = Duration(p50, p50 * factor).left(elapsed)
    assert 0 < left.p50 <= left.p90


def test_it_leaves_less_to_one_that_has_run_and_more_to_one_that_is_overdue():
    whole = Duration(10.0, 15.0)
    assert whole.left(0) is whole
    assert whole.left(5).p50 < whole.p50
    assert whole.left(100).p50 > 10


def attempt(made: Step, took: float, number: int, **fields) -> Attempt:
    begin = timezone.now() - timedelta(hours=1)
    return Attempt.objects.create(
        **{
            "step": made,
            "number": number,
            "kind": made.kind,
            "name": made.name,
            "size": 100,
            "worker": "0" * 32,
            "started_at": begin,
            "finished_at": begin + timedelta(seconds=took),
            "outcome": Attempt.Outcome.SUCCEEDED,
            **fields,
        }
    )


@pytest.mark.django_db
def test_it_learns_from_attempts_that_went_well_and_reads_them_only_now_and_then(django_assert_num_queries):
    made = steps(job("slow"))["only"]
    for number in range(2, 2 + ENOUGH):
        attempt(made, 7.0, number)
        attempt(made, 99.0, number + 100, outcome=Attempt.Outcome.FAILED)
    moment = [0.0]
    history = History(clock=lambda: moment[0])
    with django_assert_num_queries(1):
        assert history.law("test.slow", "only", SERVICE).predict(100, 1.0).p50 == pytest.approx(7.0)
        history.law("test.slow", "only", SERVICE)
    assert history.known("test.slow", "only", SERVICE)
    assert history.known("test.slow", "another", SERVICE) is None
    moment[0] = predictions.KNOWN_SECONDS
    assert history.known("test.slow", "only", SERVICE) is None
    with django_assert_num_queries(1):
        history.law("test.slow", "only", SERVICE)


@pytest.mark.django_db
def test_it_tells_attempts_what_they_are_attempts_of_and_predicts_the_next_job_by_them():
    first = job("slow")
    assert steps(first)["only"].predicted_seconds == 1.0
    (claimed,) = claim()
    settle(claimed, Succeeded({}))
    made = Attempt.objects.get()
    assert (made.kind, made.name, made.size) == ("test.slow", "only", first.size)
    assert first.size > 0
    for number in range(2, 2 + ENOUGH):
        attempt(steps(first)["only"], 30.0, number)
    predictions.history.forget()
    assert steps(job("slow"))["only"].predicted_seconds == pytest.approx(30.0)
    assert steps(job("slow"))["only"].predicted_p90 == pytest.approx(30.0)


def test_it_counts_items_together_and_apart_from_what_gathers_them():
    assert predictions.name_of(Step(name="score[3]", part_of="score")) == "score"
    assert predictions.name_of(Step(name="score", over="split")) == "score[]"
    assert predictions.name_of(Step(name="plain")) == "plain"
