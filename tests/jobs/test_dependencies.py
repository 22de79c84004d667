from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import actions, claims, needs
from jobs.actions import Submission, submit_many
from jobs.claims import Settlement
from jobs.errors import InvalidData, NotAllowedNow, SubmitError
from jobs.identifiers import uuid7
from jobs.ledger import Spent
from jobs.models import Job, JobDependency, Step
from jobs.needs import Need
from jobs.outcomes import Succeeded
from jobs.transitions import Moves
from tests.jobs.engine import claim, drain_until, job, news, person, settle

pytestmark = pytest.mark.django_db


def after(*jobs: Job, on_failure: str = "fail", **fields) -> Job:
    """A job that waits for these."""
    return job("needing", depends_on=[Need(one.pk, on_failure=on_failure) for one in jobs], **fields)


def status(made: Job) -> str:
    made.refresh_from_db()
    return made.status


def end(made: Job, outcome=None) -> None:
    """Runs a job of one step, whose turn it is, to its end."""
    (claimed,) = [one for one in claim() if one.job.pk == made.pk]
    settle(claimed, outcome)


def test_it_waits_until_the_other_job_is_done(django_capture_on_commit_callbacks):
    first = job()
    second = after(first)
    assert (status(second), second.depends_on) == ("pending", [str(first.pk)])
    with django_capture_on_commit_callbacks(execute=True):
        end(first, Succeeded({"said": "hello"}))
    assert status(second) == "queued"
    assert news()[-1] == "job.queued"
    (claimed,) = claim()
    assert claimed.needed == {first.pk: {"said": "hello"}}


def test_it_waits_for_all_of_them(django_capture_on_commit_callbacks):
    one, other = job(), job()
    last = after(one, other)
    with django_capture_on_commit_callbacks(execute=True):
        first, second = claim()
        settle(first)
    assert status(last) == "pending"
    with django_capture_on_commit_callbacks(execute=True):
        settle(second)
    assert status(last) == "queued"


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_it_fails_with_what_it_needs_and_so_do_those_that_need_it(how, django_capture_on_commit_callbacks):
    first = job()
    second = after(first)
    third = after(second)
    with django_capture_on_commit_callbacks(execute=True):
        if how == "failed":
            end(first, InvalidData("No."))
        else:
            actions.cancel(first)
    assert (status(second), second.error_code) == ("failed", "dependency_failed")
    assert first.title in second.error_message
    assert (status(third), third.error_code) == ("failed", "dependency_failed")
    assert news().count("job.failed") == (3 if how == "failed" else 2)


def test_it_continues_without_it_if_it_may(django_capture_on_commit_callbacks):
    first = job()
    second = after(first, on_failure="continue")
    with django_capture_on_commit_callbacks(execute=True):
        end(first, InvalidData("No."))
    assert status(second) == "queued"
    assert claim()[0].needed == {first.pk: None}


def test_it_is_tried_again_by_hand_once_what_it_needs_was(django_capture_on_commit_callbacks):
    first = job()
    second = after(first)
    with django_capture_on_commit_callbacks(execute=True):
        end(first, InvalidData("No."))
    with pytest.raises(NotAllowedNow, match="Try that one again first"):
        actions.retry(Job.objects.get(pk=second.pk))
    assert actions.requeue([second.pk]) == 0
    actions.retry(first)
    assert status(second) == "failed"
    actions.retry(second)
    assert status(second) == "pending"
    with django_capture_on_commit_callbacks(execute=True):
        end(first)
    assert status(second) == "queued"


def test_it_is_requeued_together_with_what_it_needs(django_capture_on_commit_callbacks):
    first = job()
    second = after(first)
    with django_capture_on_commit_callbacks(execute=True):
        end(first, InvalidData("No."))
    assert actions.requeue([second.pk, first.pk]) == 2
    assert (status(first), status(second)) == ("queued", "pending")


def test_it_finds_what_a_crash_left_behind():
    first, other = job(), job()
    ready, failed, waiting = after(first), after(other), after(first, other, on_failure="continue")
    for claimed in claim():
        settle(claimed, None if claimed.job.pk == first.pk else InvalidData("No."))
    assert {status(one) for one in (ready, failed, waiting)} == {
        "pending"
    }  # as if nobody came after the commit
    assert set(needs.left_behind()) == {ready.pk, failed.pk, waiting.pk}
    Moves.let_go(needs.left_behind())
    assert [status(one) for one in (ready, failed, waiting)] == ["queued", "failed", "queued"]
    assert needs.left_behind() == []


def test_it_no_longer_waits_for_a_job_that_was_deleted():
    first = job()
    second = after(first)
    assert needs.left_behind() == []
    first.delete()
    Moves.let_go(needs.left_behind())
    assert status(second) == "queued"


def test_it_follows_a_long_chain_to_its_end(django_capture_on_commit_callbacks):
    chain = [job()]
    for _ in range(60):
        chain.append(after(chain[-1]))
    with django_capture_on_commit_callbacks(execute=True):
        actions.cancel(chain[0])
    assert {status(one) for one in chain[1:]} == {"failed"}


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_at_once_in_a_drain():
    first = job()
    second = after(first)
    drain_until(lambda: Job.objects.filter(pk=second.pk, status="completed").exists())
    second.refresh_from_db()
    assert second.result_row.data == {"needed": {str(first.pk): {}}}


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_in_a_drain_when_the_process_died_after_the_commit(monkeypatch):
    monkeypatch.setattr(needs, "waiting_for", lambda ended: [])
    first = job()
    second = after(first)
    drain_until(lambda: Job.objects.filter(pk=second.pk, status="completed").exists())
    assert status(first) == "completed"


def test_it_asks_only_once_who_waits():
    jobs = [job() for _ in range(5)]
    with CaptureQueriesContext(connection) as queries:
        for claimed in (taken := claim()):
            assert claimed.needed == {}
    assert not [one for one in queries if "jobdependency" in one["sql"]]
    with CaptureQueriesContext(connection) as queries:
        claims.settle([Settlement(one, Succeeded({}), Spent()) for one in taken])
    assert len([one for one in queries if "jobdependency" in one["sql"]]) == 1
    assert {status(one) for one in jobs} == {"completed"}


# What is asked for


def refused(*asked: Need, owner: str = "alice") -> list[str]:
    with pytest.raises(SubmitError) as caught:
        job("needing", owner=owner, depends_on=asked)
    assert (caught.value.code, caught.value.status) == ("bad_dependency", 400)
    assert not Job.objects.filter(kind="test.needing").exists()
    return [error["path"] for error in caught.value.errors]


def test_it_refuses_jobs_that_are_not_ones_own():
    assert refused(Need(uuid4())) == ["depends_on.0"]
    assert refused(Need(job(owner="bob").pk)) == ["depends_on.0"]


def test_it_refuses_needs_that_make_no_sense():
    mine = job()
    assert refused(Need()) == ["depends_on.0"]
    assert refused(Need(mine.pk), Need(index=0)) == ["depends_on.1"]
    assert refused(Need(mine.pk, on_failure="pray")) == ["depends_on.0.on_failure"]
    assert refused(*[Need(mine.pk)] * 101) == ["depends_on"]


def test_it_refuses_to_wait_for_a_job_that_has_failed():
    failed = job()
    end(failed, InvalidData("No."))
    assert refused(Need(failed.pk)) == ["depends_on.0"]
    assert after(failed, on_failure="continue").status == "queued"


def test_it_starts_at_once_after_a_job_that_is_done():
    done = job()
    end(done)
    assert after(done).status == "queued"


def test_it_waits_for_an_earlier_job_of_its_batch():
    asked = [Submission("test.noop"), Submission("test.needing", depends_on=[Need(index=0)])]
    first, second = submit_many(person(), asked, batch=uuid7())
    assert (first.status, second.status) == ("queued", "pending")
    assert JobDependency.objects.get().needed_id == first.pk
    with pytest.raises(SubmitError) as caught:
        submit_many(person(), asked[::-1], batch=uuid7())
    assert caught.value.errors[0]["path"] == "jobs.0.depends_on.0"


# A time to start at


def test_it_starts_at_its_time_and_not_before():
    made = job("needing", run_at=timezone.now() + timedelta(hours=1))
    assert made.status == "pending"
    assert claim() == []
    Step.objects.filter(job=made).update(available_at=timezone.now())
    (claimed,) = claim()
    assert claimed.job.pk == made.pk


def test_it_starts_now_at_a_time_that_has_just_passed():
    made = job("needing", run_at=timezone.now() - timedelta(seconds=50))
    assert (made.status, made.run_at) == ("queued", None)


def test_it_waits_for_jobs_first_and_then_for_its_time(django_capture_on_commit_callbacks):
    first = job()
    second = after(first, run_at=timezone.now() + timedelta(hours=1))
    assert not Step.objects.filter(available_at__isnull=False).exists()
    with django_capture_on_commit_callbacks(execute=True):
        end(first)
    assert status(second) == "pending"
    assert Step.objects.get(job=second).available_at == second.run_at
    assert needs.left_behind() == []


def test_it_can_be_cancelled_while_it_waits_for_its_time():
    made = job("needing", run_at=timezone.now() + timedelta(hours=1))
    actions.cancel(made)
    claims.wake_due()
    assert (status(made), claim()) == ("cancelled", [])


@pytest.mark.parametrize(
    "run_at",
    [
        timezone.now() + timedelta(days=400),
        timezone.now() - timedelta(seconds=61),
        timezone.now().replace(tzinfo=None),
    ],
    ids=["too far", "past", "no zone"],
)
def test_it_refuses_a_time_that_can_not_be(run_at):
    with pytest.raises(SubmitError) as caught:
        job("needing", run_at=run_at)
    assert caught.value.errors[0]["path"] == "run_at"


@pytest.mark.django_db(transaction=True)
def test_it_starts_at_its_time_in_a_drain():
    at = timezone.now() + timedelta(seconds=0.7)
    made = job("needing", run_at=at)
    drain_until(lambda: Job.objects.filter(pk=made.pk, status="completed").exists())
    made.refresh_from_db()
    assert made.started_at >= at


def test_it_shows_on_its_page_what_it_waits_for(client):
    first = job()
    second = after(first, run_at=timezone.now() + timedelta(hours=1))
    client.force_login(person())
    page = client.get(f"/jobs/{second.pk}/").content.decode()
    assert f"/jobs/{first.pk}/" in page
    assert "Starts no sooner than" in page
    assert "data-at" in page
    assert "starts <time" in client.get("/jobs/").content.decode()


def test_its_page_tells_which_job_to_try_again_first_instead_of_a_button_that_is_refused(
    client, django_capture_on_commit_callbacks
):
    first = job()
    second = after(first)
    with django_capture_on_commit_callbacks(execute=True):
        actions.cancel(first)
    client.force_login(person())
    page = client.get(f"/jobs/{second.pk}/").content.decode()
    assert "Try that one again first" in page
    assert f"/jobs/{second.pk}/retry/" not in page
    assert "data-not-run" in page
    actions.retry(first)
    assert f"/jobs/{second.pk}/retry/" in client.get(f"/jobs/{second.pk}/").content.decode()
