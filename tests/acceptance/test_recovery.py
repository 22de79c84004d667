"""Killed workers, killed web processes, lost networks: the page goes on, and nothing is done twice."""

from __future__ import annotations

import json

from playwright.sync_api import BrowserContext, expect

from tests.acceptance.person import Listening, Person
from tests.processes import manage, until


def test_it_finishes_a_job_whose_worker_is_killed_and_shows_every_event_once(admin: Person) -> None:
    admin.connects_itself()
    heard = Listening(admin.page)
    job = admin.submits("test.chain", seconds=2, ticks=20)

    def shown(step: str, attempt: int) -> list[float]:
        return [done for *which, done in heard.progress(job["id"]) if which == [step, attempt]]

    admin.opens(f"/jobs/{job['id']}/")
    admin.sees_live()
    until(lambda: admin.job(job["id"])["steps"][1]["status"] == "processing", "the second step runs")
    until(lambda: admin.job(job["id"]) and shown("second", 1), "the page hears of its progress")
    for drain in admin.site.drains():
        admin.site.kill(drain)
    admin.sees_status(job["id"], "completed", seconds=40)

    steps = {step["name"]: step for step in admin.job(job["id"])["steps"]}
    assert steps["first"]["attempts"] == 1, "a completed step ran again"
    assert steps["second"]["attempts"] == 2
    log = stored_events(admin, job["id"])
    seen = heard.events(job["id"])
    assert seen == [one for one in log if one[0] >= seen[0][0]], (
        "an event was missed, doubled or out of order"
    )
    assert seen[-1][1] == "job.completed"
    for attempt in (1, 2):
        told = shown("second", attempt)
        assert told
        assert told == sorted(told), "progress went back within an attempt"


def test_it_catches_up_by_itself_after_the_network_was_away(admin: Person, context: BrowserContext) -> None:
    admin.connects_itself()
    job = admin.submits("test.slow", seconds=6, ticks=30)
    admin.opens(f"/jobs/{job['id']}/")
    admin.sees_live()
    context.set_offline(True)
    expect(admin.page.locator("connection-state")).to_have_attribute("data-state", "offline")
    expect(admin.page.locator("job-view")).to_have_attribute("data-stale", "true")
    until(lambda: stored_status(admin, job["id"]) == "completed", "the job went on without us", 40)
    context.set_offline(False)
    admin.sees_live()
    admin.sees_status(job["id"], "completed", seconds=10)


def test_it_goes_on_when_the_web_process_is_killed(admin: Person) -> None:
    job = admin.submits("test.slow", seconds=8, ticks=40)
    admin.opens(f"/jobs/{job['id']}/")
    admin.sees_live()
    killed = admin.site.pid("daphne")
    admin.site.kill(killed)
    until(lambda: admin.site.pid("daphne") not in (0, killed), "another web process is there", 20)
    admin.sees_status(job["id"], "completed", seconds=30)
    expect(admin.page.locator("connection-state")).to_have_attribute("data-state", "live", timeout=20_000)


def stored_events(person: Person, job_id: str) -> list[tuple[int, str]]:
    """What the log holds about the job."""
    frames = json.loads(shell(person, EVENTS))
    return [
        (frame["seq"], frame["name"]) for frame in frames if frame["data"].get("job", {}).get("id") == job_id
    ]


def stored_status(person: Person, job_id: str) -> str:
    """The job's status in the database, for when the browser has no network."""
    return shell(person, f"from jobs.models import Job; print(Job.objects.get(pk='{job_id}').status)")


def shell(person: Person, code: str) -> str:
    """What a line of Python prints on the server."""
    done = manage("shell", "-v", "0", "-c", code, data_dir=person.site.data_dir)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


EVENTS = (
    "import json; from realtime.models import Event; "
    "print(json.dumps([json.loads(e.frame) for e in Event.objects.order_by('stream_id', 'seq')]))"
)
