from __future__ import annotations

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs import actions, requeueing
from jobs.actions import Submission
from jobs.errors import InvalidData, ProviderAuthError
from jobs.models import Job
from jobs.needs import Need
from tests.jobs.engine import claim, job, news, person, settle

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = io.StringIO()
    call_command("requeue", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def failed():
    """One job that failed by its input a day ago, two by a key just now."""
    errors = [InvalidData("No."), ProviderAuthError(), ProviderAuthError()]
    jobs = [job(kind) for kind in ("broken", "slow", "noop")]
    by_pk = {one.job.pk: one for one in claim()}
    for made, error in zip(jobs, errors, strict=True):
        settle(by_pk[made.pk], error)
    Job.objects.filter(pk=jobs[0].pk).update(finished_at=timezone.now() - timedelta(days=1))
    return jobs


def queued():
    return set(Job.objects.filter(status="queued").values_list("kind", flat=True))


def test_it_requeues_all_that_failed(failed):
    going = job("slow")
    assert "3 requeued." in run()
    assert Job.objects.filter(status="queued").count() == 4
    assert news().count("job.requeued") == 3
    assert going.status == "queued"


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        (["--kind", "test.slow"], {"test.slow"}),
        (["--error", "provider_auth"], {"test.slow", "test.noop"}),
        (["--error", "provider_auth", "--kind", "test.noop"], {"test.noop"}),
        (["--since", "2h"], {"test.slow", "test.noop"}),
        (["--since", "2d"], {"test.broken", "test.slow", "test.noop"}),
        (["--error", "worker_lost"], set()),
    ],
)
def test_it_requeues_those_that_were_chosen(failed, arguments, kinds):
    assert f"{len(kinds)} requeued." in run(*arguments)
    assert queued() == kinds


def test_it_requeues_those_that_were_named_also_cancelled_ones(failed):
    cancelled = actions.cancel(job("slow"))
    assert "0 requeued." in run("--job", uuid4())
    assert "2 requeued." in run("--job", cancelled.pk, failed[0].pk)


def test_it_leaves_cancelled_ones_alone(failed):
    actions.cancel(job("slow"))
    assert "3 requeued." in run()


def test_it_only_counts_in_a_dry_run(failed):
    said = run("--dry-run")
    assert "1 × test.broken: invalid_data" in said
    assert "3 would be requeued." in said
    assert queued() == set()


def test_it_takes_many_in_several_transactions(failed, monkeypatch):
    monkeypatch.setattr(requeueing, "AT_ONCE", 2)
    said = run()
    assert said.splitlines()[-3:] == ["  2 of 3", "  3 of 3", "3 requeued."]


def test_it_takes_no_job_twice_that_fails_anew(failed, monkeypatch):
    monkeypatch.setattr(requeueing, "AT_ONCE", 1)
    jobs = requeueing.Chosen().rows()
    for count, _ in enumerate(requeueing.requeue(jobs), start=1):
        for one in claim():
            settle(one, InvalidData("No again."))
        assert count <= 3
    assert count == 3


@pytest.fixture
def chain(django_capture_on_commit_callbacks):
    """A failed job, one that failed with it, one that failed with that, and one that could do without."""
    needs = [(), [Need(index=0)], [Need(index=1)], [Need(index=0, on_failure="continue")]]
    kinds = ["broken", "needing", "needing", "slow"]
    wanted = [Submission(f"test.{kind}", depends_on=need) for kind, need in zip(kinds, needs, strict=True)]
    made = actions.submit_many(person(), wanted)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            settle(claim()[0], InvalidData("No."))
    assert set(Job.objects.values_list("status", flat=True)) == {"failed"}
    return made


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_it_requeues_those_that_need_each_other_together_whatever_their_order(chain, monkeypatch, at_once):
    monkeypatch.setattr(requeueing, "AT_ONCE", at_once)
    Job.objects.filter(pk=chain[0].pk).update(finished_at=timezone.now() - timedelta(seconds=0.001))
    assert "4 would be requeued." in run("--dry-run")
    assert run().endswith("4 requeued.\n")
    assert Job.objects.filter(status="pending", kind="test.needing").count() == 2


def test_it_counts_only_what_it_can_requeue_and_tells_the_rest(chain):
    said = run("--kind", "test.needing", "--dry-run")
    assert "2 more wait for a job that failed and is not among these." in said
    assert "×" not in said
    assert "0 would be requeued." in said
    assert "0 requeued." in run("--kind", "test.needing")
    assert "1 requeued." in run("--kind", "test.slow")


def test_it_does_not_count_what_it_can_not_requeue_among_the_most(chain):
    jobs = Job.objects.exclude(pk=chain[0].pk)
    assert requeueing.foresee(jobs).blocked == 2
    assert list(requeueing.requeue(jobs, most=1)) == [1]


@pytest.mark.parametrize(
    ("arguments", "near"), [(["--error", "provder_auth"], "provider_auth"), (["--kind", "slow"], "test.slow")]
)
def test_it_refuses_what_there_is_not_and_says_what_is_near(failed, arguments, near):
    with pytest.raises(CommandError, match=near):
        run(*arguments)
    assert queued() == set()


@pytest.mark.parametrize("arguments", [["--since", "soon"], ["--since", "2"], ["--job", "x"]])
def test_it_refuses_what_it_does_not_understand(arguments):
    with pytest.raises(CommandError):
        run(*arguments)
