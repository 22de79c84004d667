from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from jobs import pausing, requeueing
from jobs.errors import InvalidData
from jobs.models import Job, KindPolicy, Schedule
from jobs.needs import Need
from tests.jobs.engine import claim, job, settle

pytestmark = pytest.mark.django_db


def address(model, page="changelist", *args):
    return reverse(f"admin:jobs_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def admin(olivia):
    client = Client()
    client.force_login(olivia)
    return client


def act(admin, model, name, rows, query="", **more):
    chosen = {"action": name, "_selected_action": [str(one.pk) for one in rows], **more}
    return admin.post(address(model) + query, chosen, follow=True)


# Requeueing a whole list


@pytest.fixture
def failed():
    made = [job("broken"), job("slow"), job("slow")]
    for one in claim():
        settle(one, InvalidData("No."))
    return made


def test_it_requeues_a_filtered_list_after_saying_how_many(admin, failed, monkeypatch):
    monkeypatch.setattr(requeueing, "AT_ONCE", 1)
    job("slow")
    query = "?kind=test.slow"
    page = act(admin, Job, "requeue", failed[1:2], query, select_across="1")
    text = page.content.decode()
    assert "2 × test.slow: invalid_data" in text
    assert "Requeue 2" in text
    assert Job.objects.filter(status="failed").count() == 3
    done = act(admin, Job, "requeue", failed[1:2], query, select_across="1", confirmed="yes")
    assert [str(one) for one in done.context["messages"]] == [
        "2 of 3 requeued; the others did not fail, or wait for one that did."
    ]
    assert set(Job.objects.filter(status="failed").values_list("kind", flat=True)) == {"test.broken"}


def test_it_says_when_there_is_nothing_to_requeue(admin):
    made = job("slow")
    text = act(admin, Job, "requeue", [made], select_across="1").content.decode()
    assert "nothing to requeue" in text
    assert 'name="confirmed"' not in text


def test_it_asks_before_it_requeues_what_was_ticked_and_says_which(admin, failed):
    page = act(admin, Job, "requeue", failed[:2])
    text = page.content.decode()
    assert "Requeue 2 jobs?" in text
    assert "1 × test.broken: invalid_data" in text
    for made in failed[:2]:
        assert f'href="{address(Job, "change", made.pk)}"' in text
        assert f'name="_selected_action" value="{made.pk}"' in text
    assert str(failed[2].pk) not in text
    assert Job.objects.filter(status="failed").count() == 3
    act(admin, Job, "requeue", failed[:2], confirmed="yes")
    assert Job.objects.get(status="failed") == failed[2]


def test_it_says_which_jobs_stay_because_of_one_that_they_need(admin, django_capture_on_commit_callbacks):
    needed = job("broken")
    waiting = job("needing", depends_on=[Need(needed.pk)])
    with django_capture_on_commit_callbacks(execute=True):
        settle(claim()[0], InvalidData("No."))
    text = act(admin, Job, "requeue", [waiting]).content.decode()
    assert "None of these jobs can be requeued now." in text
    assert "1 of these waits for a job that failed" in text
    assert 'name="confirmed"' not in text
    assert "Requeue 2 jobs?" in act(admin, Job, "requeue", [needed, waiting]).content.decode()


# Pausing


def test_it_lists_kinds_with_what_runs_and_waits(admin, olivia):
    KindPolicy.objects.create(kind="", max_running=1_000)
    KindPolicy.objects.create(kind="test.gone")
    pausing.pause("test.slow", by=olivia, stop_running=True)
    for kind in ("noop", "noop", "slow"):
        job(kind)
    claim(1)
    text = admin.get(address(KindPolicy)).content.decode()
    for words in ("The whole queue", "1 (at most 1,000)", "Test: slow (test.slow)", "0 (no limit)",
                  "Paused, stops what runs", "Going on", "test.gone (no longer installed)"):  # fmt: skip
        assert words in text
    rows = {one.kind: one for one in admin.get(address(KindPolicy)).context["cl"].result_list}
    assert (rows[""].running, rows[""].queued, rows["test.slow"].queued) == (1, 2, 1)


def test_it_pauses_and_resumes_by_the_form(admin, olivia):
    form = {"kind": "test.slow", "max_running": "3", "paused": "on", "refuse_new": "on"}
    assert admin.post(address(KindPolicy, "add"), form).status_code == 302
    policy = KindPolicy.objects.get()
    assert (policy.max_running, policy.paused_by, policy.refuse_new) == (3, olivia, True)
    assert policy.paused_at
    change = address(KindPolicy, "change", policy.pk)
    assert "checked" in admin.get(change).content.decode()
    admin.post(change, {"max_running": "4", "paused": "on", "refuse_new": "on"})
    policy.refresh_from_db()
    assert (policy.max_running, policy.paused_at is None) == (4, False)
    admin.post(change, {"max_running": "4"})
    policy.refresh_from_db()
    assert (policy.paused_at, policy.refuse_new, policy.max_running) == (None, False, 4)


def test_it_leaves_a_pause_alone_that_it_does_not_change(admin):
    policy = KindPolicy.objects.create(kind="test.slow")
    change = address(KindPolicy, "change", policy.pk)
    pausing.pause("test.slow", stop_running=True)
    admin.post(change, {"max_running": "2", "paused": "on", "stop_running": "on"})
    policy.refresh_from_db()
    assert (policy.max_running, policy.stop_running, policy.paused_by) == (2, True, None)


def test_it_pauses_and_resumes_by_actions(admin, olivia):
    rows = [KindPolicy.objects.create(kind=kind) for kind in ("", "test.slow")]
    act(admin, KindPolicy, "pause", rows)
    assert KindPolicy.objects.filter(paused_at__isnull=False, paused_by=olivia).count() == 2
    act(admin, KindPolicy, "resume", rows)
    assert not pausing.pauses()
    gone = KindPolicy.objects.create(kind="test.gone")
    assert "test.gone" in act(admin, KindPolicy, "pause", [gone]).content.decode()
    assert not pausing.pauses()


# Schedules

DAILY = {
    "kind": "test.slow",
    "input": '{"seconds": 2}',
    "options": "{}",
    "priority": "1",
    "title": "Numbers",
    "cron": "0 7 * * *",
    "timezone": "Europe/Berlin",
    "missed": "once",
    "enabled": "on",
}


def test_it_makes_a_schedule_for_somebody_and_changes_it(admin, alice):
    assert admin.post(address(Schedule, "add"), {**DAILY, "owner": alice.pk}).status_code == 302
    made = Schedule.objects.get()
    assert (made.owner, made.input["seconds"], made.cron) == (alice, 2, "0 7 * * *")
    assert made.next_at
    change = address(Schedule, "change", made.pk)
    shown = admin.get(change).content.decode()
    assert "Numbers" in shown
    assert "seconds" not in shown.replace("within seconds", "")
    rhythm = {name: DAILY[name] for name in ("title", "timezone", "missed", "enabled")}
    assert admin.post(change, {**rhythm, "cron": "30 8 * * *"}).status_code == 302
    made.refresh_from_db()
    assert (made.cron, made.next_at.minute, made.input["seconds"]) == ("30 8 * * *", 30, 2)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"cron": "x"}, "cron"), ({"timezone": "x"}, "timezone"), ({"input": '{"seconds": "x"}'}, "input")],
)
def test_it_says_what_is_wrong_with_a_schedule(admin, alice, wrong, field):
    answer = admin.post(address(Schedule, "add"), {**DAILY, "owner": alice.pk, **wrong})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Schedule.objects.exists()


def test_it_switches_schedules(admin, alice):
    admin.post(address(Schedule, "add"), {**DAILY, "owner": alice.pk})
    made = Schedule.objects.get()
    act(admin, Schedule, "switch_off", [made])
    made.refresh_from_db()
    assert (made.enabled, made.next_at) == (False, None)
    Schedule.objects.update(cron="gone wrong")
    assert "can&#x27;t be used" in act(admin, Schedule, "switch_on", [made]).content.decode()
    Schedule.objects.update(cron="0 7 * * *")
    act(admin, Schedule, "switch_on", [made])
    made.refresh_from_db()
    assert made.next_at


@pytest.mark.parametrize("model", [Schedule, KindPolicy])
def test_it_is_for_staff(alice, browser_of, model):
    assert browser_of(alice).get(address(model)).status_code == 302
