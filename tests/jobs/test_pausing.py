from __future__ import annotations

import io
import time

import pytest
from django.core.management import CommandError, call_command

from jobs import admission, pausing
from jobs.errors import Paused, UnknownKind
from jobs.models import Attempt, Job, KindPolicy, Step
from jobs.worker import Drain
from realtime.models import Event
from tests.jobs.engine import claim, drain_until, job, person, settle, statuses, steps

pytestmark = pytest.mark.django_db


def told():
    events = Event.objects.filter(stream__name="system", name="status.changed").order_by("seq")
    return [(event.data["kind"], event.data["paused"]) for event in events]


def test_it_claims_nothing_while_the_queue_is_paused():
    job("slow")
    pausing.pause()
    job("noop")
    assert claim() == []
    assert set(Job.objects.values_list("status", flat=True)) == {"queued"}
    assert pausing.resume()
    assert len(claim()) == 2


def test_it_passes_over_a_paused_kind_and_no_other():
    paused, other = job("slow"), job("noop")
    pausing.pause("test.slow")
    assert [one.job.pk for one in claim()] == [other.pk]
    assert pausing.resume("test.slow")
    assert [one.job.pk for one in claim()] == [paused.pk]


def test_it_keeps_a_limit_that_staff_set():
    KindPolicy.objects.create(kind="test.slow", max_running=1)
    jobs = [job("slow") for _ in range(2)]
    pausing.pause("test.slow")
    assert claim() == []
    pausing.resume("test.slow")
    assert len(claim()) == 1
    assert len(jobs) == 2


def test_what_runs_may_finish():
    made = job("slow")
    (running,) = claim()
    pausing.pause()
    settle(running)
    assert statuses(made) == {"only": "completed"}


def test_it_refuses_new_jobs_when_told_to():
    pausing.pause("test.slow", refuse_new=True)
    job("noop")
    with pytest.raises(Paused) as refused:
        job("slow")
    assert (refused.value.code, refused.value.status) == ("paused", 409)
    assert "“Test: slow”" in refused.value.message
    assert Job.objects.count() == 1
    pausing.pause(refuse_new=True)
    with pytest.raises(Paused, match="paused the queue"):
        job("noop")
    pausing.resume()
    pausing.resume("test.slow")
    job("slow")


def test_it_remembers_who_paused_and_since_when(olivia):
    first = pausing.pause(by=olivia)
    again = pausing.pause(stop_running=True)
    assert again.paused_at == first.paused_at
    assert (again.stop_running, again.refuse_new, again.paused_by) == (True, False, None)
    assert (first.paused_by, KindPolicy.objects.count()) == (olivia, 1)


def test_it_tells_everybody_but_not_who_did_it(olivia):
    pausing.pause("test.slow", by=olivia)
    pausing.pause()
    pausing.resume()
    assert told() == [("test.slow", True), (None, True), (None, False)]
    assert "olivia" not in Event.objects.filter(stream__name="system").first().frame


def test_it_says_that_nothing_was_paused():
    assert not pausing.resume()
    assert told() == []
    with pytest.raises(UnknownKind):
        pausing.resume("test.unknown")
    with pytest.raises(UnknownKind):
        pausing.pause("test.unknown")


def test_it_resumes_a_kind_that_is_gone():
    pausing.pause("test.slow")
    KindPolicy.objects.update(kind="test.gone")
    assert pausing.resume("test.gone")


def test_it_has_a_sentence_for_those_who_wait():
    assert pausing.notice("test.slow") == ""
    pausing.pause("test.noop")
    assert pausing.notice("test.slow") == ""
    assert "nothing is lost" in pausing.notice("test.noop")
    pausing.pause(refuse_new=True)
    assert "takes no new jobs" in pausing.notice("test.slow")
    assert "jobs wait, and nothing is lost" in pausing.notice("test.slow", is_accepted=True)


def test_a_worker_learns_of_a_pause_within_a_second(monkeypatch):
    watch = admission.Watch()
    assert not watch.policies().any
    pausing.pause()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 1.01)
    assert watch.policies().kinds == {"": 0}


@pytest.mark.django_db(transaction=True)
def test_it_gives_back_what_runs_unharmed_and_goes_on_when_resumed():
    made, other = job("slow", input={"seconds": 600}), job("silent", input={"seconds": 600})
    drain, seen = Drain(0), []

    def is_running() -> bool:
        return Step.objects.filter(status="processing").count() == 2

    def watch() -> bool:
        if not seen and is_running():
            pausing.pause("test.slow", stop_running=True)
            seen.append(time.monotonic())
        if len(seen) == 1 and statuses(made)["only"] == "queued":
            seen.append(time.monotonic())
            assert statuses(other)["only"] == "processing"
            pausing.resume("test.slow")
        return len(seen) == 2 and is_running()

    drain_until(watch, drain=drain)
    assert seen[1] - seen[0] < 1.5
    first, second = Attempt.objects.filter(step__job=made).order_by("number")[:2]
    assert (first.outcome, first.error_code) == ("released", "")
    assert steps(made)["only"].failures == 0
    assert second.number == 2


# The commands


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_commands_pause_and_resume():
    assert "may finish; new jobs wait" in run("pause_queue")
    said = run("pause_queue", "--kind", "test.slow", "--stop-running", "--refuse-new")
    assert "Paused test.slow. What runs is given back to the queue; new jobs are refused." in said
    policy = KindPolicy.objects.get(kind="test.slow")
    assert (policy.stop_running, policy.refuse_new) == (True, True)
    assert "Still paused: test.slow." in run("resume_queue")
    assert "test.slow goes on." in run("resume_queue", "--kind", "test.slow")
    assert "The queue was not paused." in run("resume_queue")


@pytest.mark.parametrize("command", ["pause_queue", "resume_queue"])
def test_the_commands_know_only_real_kinds(command):
    with pytest.raises(CommandError, match="no kind"):
        run(command, "--kind", "test.unknown")


def test_pausing_asks_no_account():
    person()
    assert pausing.pause().paused_by is None
