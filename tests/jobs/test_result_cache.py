from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from jobs import actions, pausing, result_cache, retention
from jobs.actions import Submission
from jobs.errors import Paused, SubmitError
from jobs.kinds import Estimate, registry
from jobs.ledger import Spent
from jobs.models import Job, JobResult, ResultContent, Step
from jobs.needs import Need
from jobs.outcomes import Succeeded
from jobs.providers import chain
from jobs.uploads import take_in
from notifications.models import Notification
from realtime.models import Event
from tests.jobs.engine import claim, job, news, person, settle, steps
from tests.jobs.filing import CONTENT, FILING

pytestmark = pytest.mark.django_db


@pytest.fixture
def filing():
    registry.register(FILING)
    yield
    del registry._kinds[FILING.name]


def done(kind="slow", owner="alice", *, degraded=False, **fields):
    """A job of that kind, completed, with a result of its own."""
    made = job(kind, owner, **fields)
    (claimed,) = claim()
    settle(claimed, Succeeded({"of": str(made.pk)}, {"confidence": 0.5}, degraded=degraded), Spent())
    made.refresh_from_db()
    assert made.status == "completed"
    return made


def again(kind="slow", owner="alice", **fields):
    return job(kind, owner, reuse=True, **fields)


def fresh(made):
    return Job.objects.get(pk=made.pk)


def test_it_uses_the_result_of_an_earlier_job_at_once():
    first = done(input={"seconds": 2})
    second = fresh(again(input={"seconds": 2}))
    assert (second.status, second.cached, second.reused_from) == ("completed", True, first)
    assert (second.cost_usd, second.cost_estimate_usd, second.progress) == (Decimal(0), Decimal(0), 1.0)
    assert (second.quality, second.offline, second.degraded) == (first.quality, first.offline, False)
    assert second.finished_at
    assert JobResult.objects.get(pk=second.pk).data == {"of": str(first.pk)}
    step = steps(second)["only"]
    assert (step.status, step.progress, step.attempts) == ("completed", 1.0, 0)
    assert [name for name in news() if name.startswith("job.")][-2:] == ["job.queued", "job.completed"]
    event = Event.objects.filter(name="job.completed").order_by("-seq").first().data["job"]
    assert (event["cached"], event["cost_usd"], event["reused_from"]) == (True, "0", str(first.pk))
    assert claim() == []


def test_it_reuses_only_when_that_is_wished():
    done()
    assert not fresh(job("slow")).cached


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("slow", {"input": {"seconds": 3}}),
        ("silent", {}),
        ("slow", {"owner": "bob"}),
    ],
)
def test_it_never_uses_the_answer_to_another_question_or_of_another_person(kind, fields):
    done()
    made = fresh(again(kind, **fields))
    assert (made.status, made.cached) == ("queued", False)


def test_it_knows_options_version_content_and_models(filing, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    alice = person()

    def key(content=CONTENT, name="plan.txt", **options):
        upload = take_in(alice, ContentFile(content, name))
        return actions.check(Submission("test.filing", upload=upload, options=options)).cache_key

    keys = [key(), key(CONTENT + b"!"), key(shade="red")]
    assert key(name="other.txt") == key(shade="any") == keys[0]
    del registry._kinds[FILING.name]
    registry.register(replace(FILING, version=2))
    keys.append(key())
    monkeypatch.setattr(chain.providers()[0].__class__, "model", "other")
    keys.append(key())
    assert len(set(keys)) == len(keys)
    assert all(len(one) == 64 for one in keys)


def test_it_uses_the_newest_whole_result_that_is_kept():
    first, second, third = done(), done(), done(degraded=True)
    assert third.degraded
    assert fresh(again()).reused_from == second
    JobResult.objects.filter(pk=second.pk).delete()
    Job.objects.filter(cached=True).delete()
    assert fresh(again()).reused_from == first
    JobResult.objects.all().delete()
    assert fresh(again()).status == "queued"


def test_it_reuses_what_was_reused():
    first = done()
    second = fresh(again())
    third = fresh(again())
    assert third.reused_from == second
    first.delete()
    second.delete()
    assert fresh(third).reused_from is None
    assert JobResult.objects.get(pk=third.pk).data["of"]


def test_it_does_not_reuse_for_a_job_that_has_to_wait():
    first = done()
    waits = fresh(again(depends_on=[Need(first.pk)]))
    assert (waits.cached, waits.cache_key) == (False, "")
    later = fresh(again(run_at=timezone.now() + timedelta(hours=1)))
    assert (later.status, later.cached) == ("pending", False)
    assert fresh(again(run_at=timezone.now() - timedelta(seconds=30))).cached


def test_it_takes_no_place_and_no_budget(settings, monkeypatch):
    done()
    settings.QUEUE_MAX_PER_USER = 0
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal(0)
    monkeypatch.setattr(actions, "estimate", lambda *_: Estimate(Decimal(1), 10, 1.0))
    assert fresh(again()).cached
    with pytest.raises(SubmitError):
        again(input={"seconds": 9})


def test_it_is_refused_while_new_jobs_are():
    done()
    pausing.pause(refuse_new=True)
    with pytest.raises(Paused):
        again()


def test_it_mixes_known_and_new_ones_in_a_batch():
    first = done()
    wanted = [
        Submission("test.slow", reuse=True),
        Submission("test.noop", reuse=True),
        Submission("test.slow"),
    ]
    made = [fresh(one) for one in actions.submit_many(person(), wanted)]
    assert [one.status for one in made] == ["completed", "queued", "queued"]
    assert made[0].reused_from == first


def test_it_completes_a_graph_with_all_its_steps():
    made = job("diamond")
    while claimed := claim():
        for one in claimed:
            settle(one)
    assert fresh(made).status == "completed"
    second = fresh(again("diamond"))
    assert second.status == "completed"
    assert {step.status for step in Step.objects.filter(job=second)} == {"completed"}


def test_it_tells_their_owner_as_of_any_job():
    done()
    again()
    assert Notification.objects.filter(event="job.completed").count() == 2


def test_it_costs_no_query_where_nobody_asks_for_it(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert result_cache.find(1, {""}) == {}


def test_it_keeps_the_key_of_every_job():
    assert len(fresh(job("slow")).cache_key) == 64


# The API


def test_the_api_reuses_and_estimates(alice, api_of):
    api = api_of(alice)
    first = done()
    asked = {"kind": "test.slow", "reuse": True}
    estimate = api.post("/api/v1/jobs/estimate/", asked).json()
    assert (estimate["cached"], estimate["cost_usd"], estimate["seconds"]) == (True, "0", 0)
    assert not api.post("/api/v1/jobs/estimate/", {"kind": "test.slow"}).json()["cached"]
    answer = api.post("/api/v1/jobs/", asked)
    given = answer.json()
    assert (answer.status_code, given["status"], given["cached"]) == (202, "completed", True)
    assert given["reused_from"] == str(first.pk)
    assert api.get(given["links"]["result"]).json() == {"of": str(first.pk)}


def test_a_result_that_is_used_again_is_kept_once():
    """However often: or else a small request could have a large result written a thousand times."""
    first = done()
    wish = Submission("test.slow", input=first.input, reuse=True)
    made = actions.submit_many(first.owner, [wish] * 5)
    assert {one.status for one in made} == {"completed"}
    assert ResultContent.objects.count() == 1
    first.delete()
    for part in retention.leftovers(timezone.now()):
        part.prune()
    assert [result.data for result in JobResult.objects.all()] == [{"of": str(made[0].reused_from_id)}] * 5
    Job.objects.all().delete()
    for part in retention.leftovers(timezone.now()):
        part.prune()
    assert not ResultContent.objects.exists()
