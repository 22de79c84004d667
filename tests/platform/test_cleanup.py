"""What is kept no longer goes, and nothing else."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.models import Schedule as Scheduled

from jobs import retention, schedules
from jobs.actions import Submission, submit
from jobs.kinds import registry
from jobs.models import IdempotentRequest, Job, JobResult, ProviderCall, Schedule, Step, Upload, Worker
from jobs.needs import Need
from jobs.schedules import Wish
from jobs.uploads import take_in
from notifications.models import Notification
from realtime import log, pruning
from realtime.log import Position
from realtime.models import AnsweredCommand, Event
from shipspeak import cleanup
from shipspeak.accounts.models import ApiKey, SignInLink
from tests.jobs.engine import claim, job, person, settle
from tests.jobs.filing import CONTENT, FILING

pytestmark = pytest.mark.django_db
KEEPING = "RESULT UPLOAD EVENT NOTIFICATION CALL"


@pytest.fixture(autouse=True)
def _keeping(settings: Any, tmp_path: Path) -> Any:
    """Everything is kept for ten days; files are in places of their own."""
    for name in KEEPING.split():
        setattr(settings, f"{name}_RETENTION_DAYS", 10)
    settings.MEDIA_ROOT, settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads", tmp_path
    registry.register(FILING)
    yield
    del registry._kinds[FILING.name]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("cleanup", *arguments, stdout=out)
    return out.getvalue()


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def completed(days: float, **fields: Any) -> Job:
    """A job that was completed so many days ago, with an answer of a provider."""
    made = job("slow", **fields)
    (claimed,) = [one for one in claim() if one.job.pk == made.pk]
    settle(claimed)
    Job.objects.filter(pk=made.pk).update(finished_at=ago(days))
    JobResult.objects.filter(pk=made.pk).update(created_at=ago(days))
    Step.objects.filter(job=made).update(output={"some": "thing"})
    call(Step.objects.get(job=made), days)
    return made


def call(step: Step | None, days: float, **fields: Any) -> ProviderCall:
    given = {"attempt": 1, "owner_id": person().pk, "task": "t", "fingerprint": "f", "provider": "local"}
    given |= {"outcome": "succeeded", "answer": {"text": "x"}, "cost_usd": "0.5", "started_at": ago(days)}
    return ProviderCall.objects.create(step=step, **{**given, **fields})


def upload(days: float, content: bytes = CONTENT) -> Upload:
    made = take_in(person(), ContentFile(content, "plan.txt"))
    Upload.objects.filter(pk=made.pk).update(created_at=ago(days))
    return made


def file(path: Path, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_it_deletes_results_and_what_led_to_them(api_of: Callable[..., Any]) -> None:
    old, new = completed(11), completed(9)
    assert "1 results older than 10 days" in run()
    assert list(JobResult.objects.values_list("pk", flat=True)) == [new.pk]
    assert [one.output for one in Step.objects.order_by("id")] == [None, {"some": "thing"}]
    assert Job.objects.filter(pk=old.pk, status="completed").exists()
    answer = api_of(person()).get(f"/api/v1/jobs/{old.pk}/result/")
    assert (answer.status_code, answer.json()["code"]) == (410, "result_pruned")


def test_the_page_says_that_a_result_is_gone(browser_of: Callable[..., Any]) -> None:
    old = completed(11)
    run()
    assert "no longer kept" in browser_of(person()).get(f"/jobs/{old.pk}/").content.decode()


def test_it_keeps_results_that_a_job_waits_for() -> None:
    old = completed(11)
    job("slow", depends_on=[Need(old.pk)], run_at=timezone.now() + timedelta(days=1))
    run()
    assert JobResult.objects.filter(pk=old.pk).exists()


def test_it_deletes_files_that_nobody_uses() -> None:
    unused, recent, active, repeated, finished = (upload(days) for days in (11, 9, 11, 11, 11))
    submit(person(), Submission("test.filing", upload=active))
    schedules.create(person(), Wish(Submission("test.filing", upload=repeated), "0 * * * *"))
    ended = submit(person(), Submission("test.filing", upload=finished))
    Job.objects.filter(pk=ended.pk).update(status="completed", finished_at=ago(9))
    paths = {one.pk: Path(one.file.path) for one in (unused, recent, active, repeated, finished)}
    with_hooks(run)
    assert not Upload.objects.filter(pk=unused.pk).exists()
    assert [path.exists() for path in paths.values()] == [False, True, True, True, True]
    Job.objects.filter(pk=ended.pk).update(finished_at=ago(11))
    with_hooks(run)
    assert not paths[finished.pk].exists()
    ended.refresh_from_db()
    assert (ended.upload, ended.filename) == (None, "plan.txt")
    assert Schedule.objects.get().upload == repeated


def with_hooks(work: Callable[[], Any]) -> None:
    """Runs ``work`` and what it wants done after the commit, which tests never come to."""
    seen = len(connection.run_on_commit)
    work()
    for _, hook, _ in connection.run_on_commit[seen:]:
        hook()


def test_it_deletes_files_that_belong_to_nothing(tmp_path: Path) -> None:
    kept = Path(upload(1).file.path)
    os.utime(kept, (0, 0))
    orphan, fresh = (
        file(tmp_path / "uploads/2026/01/orphan", 2),
        file(tmp_path / "uploads/2026/01/fresh", 0.5),
    )
    cut_off, other = file(tmp_path / "tmpabc.upload.vtt", 2), file(tmp_path / "secret_key", 100)
    assert "2 files that belong to nothing" in run("--dry-run")
    assert orphan.exists()
    assert "2 files that belong to nothing" in run()
    assert [path.exists() for path in (kept, orphan, fresh, cut_off, other)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_it_drops_answers_a_day_after_the_job_and_keeps_their_figures() -> None:
    completed(2)
    completed(0.5)
    queued, failed = completed(2), completed(2)
    Job.objects.filter(pk=queued.pk).update(status="queued", finished_at=None)
    Job.objects.filter(pk=failed.pk).update(status="failed")  # tried again, it goes on from them
    run()
    answers = list(ProviderCall.objects.order_by("id").values_list("answer", "cost_usd"))
    assert [answer is None for answer, _ in answers] == [True, False, False, False]
    assert {str(cost) for _, cost in answers} == {"0.50000000"}


def test_it_deletes_old_calls_but_not_those_of_a_job_that_goes_on() -> None:
    completed(11)
    kept = completed(11)
    Job.objects.filter(pk=kept.pk).update(status="queued", finished_at=None)
    call(None, 11)
    running = call(None, 11, outcome="running")
    recent = call(None, 9)
    run()
    left = set(ProviderCall.objects.values_list("pk", flat=True))
    assert left == {ProviderCall.objects.get(step__job=kept).pk, running.pk, recent.pk}


def test_it_deletes_old_events_and_raises_the_floors() -> None:
    job()
    job(owner="bob")
    Event.objects.filter(stream__name=f"user:{person().pk}").update(at=ago(11))
    run()
    epoch = log.position(f"user:{person().pk}").epoch
    assert log.read(f"user:{person().pk}", Position(epoch, 0)) is None
    assert Event.objects.filter(stream__name=f"user:{person('bob').pk}").count() == 1


def test_it_deletes_all_else_that_is_over() -> None:
    alice = person()
    for days in (11, 9):
        Notification.objects.create(recipient=alice, event="x", subject="x", created_at=ago(days))
    for hours in (25, 23):
        then = ago(hours / 24)
        IdempotentRequest.objects.create(user=alice, path="/", key=str(hours), created_at=then)
        AnsweredCommand.objects.create(person="1", command=uuid4(), name="x", at=then)
        SignInLink.objects.create(user=alice, digest=str(hours), expires_at=then)
    SignInLink.objects.create(user=alice, digest="used", expires_at=ago(-9), used_at=ago(2))
    for days in (31, 29):
        ApiKey.objects.create(owner=alice, name="x", digest=str(days), revoked_at=ago(days))
        Worker.objects.create(host="x", pid=1, slot=0, concurrency=1, ended_at=ago(days))
    ApiKey.objects.create(owner=alice, name="x", digest="good")
    for name, days in (("old", 0.1), ("new", -1)):
        Session.objects.create(session_key=name, session_data="", expire_date=ago(days))
    dry = run("--dry-run")
    assert "8 would be deleted." in dry
    assert run().splitlines()[:-1] == dry.splitlines()[:-1]
    left = [Notification, IdempotentRequest, AnsweredCommand, SignInLink, Worker, Session]
    assert [model.objects.count() for model in left] == [1] * len(left)
    assert set(ApiKey.objects.values_list("digest", flat=True)) == {"29", "good"}
    assert "0 deleted." in run()


def test_a_dry_run_changes_nothing() -> None:
    completed(11)
    upload(11)
    with CaptureQueriesContext(connection) as queries:
        said = run("--dry-run")
    assert "would be deleted" in said
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
    assert (JobResult.objects.count(), Upload.objects.count()) == (1, 1)


def test_it_keeps_for_ever_what_is_to_be_kept(settings: Any) -> None:
    for name in KEEPING.split():
        setattr(settings, f"{name}_RETENTION_DAYS", 0)
    completed(9_999)
    upload(9_999)
    Notification.objects.create(recipient=person(), event="x", subject="x", created_at=ago(9_999))
    Event.objects.update(at=ago(9_999))
    run()
    assert Notification.objects.filter(event="x").exists()
    assert all(model.objects.exists() for model in (JobResult, Upload, ProviderCall, Event))


def test_it_deletes_in_many_small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    sizes: list[int] = []
    for _ in range(5):
        Notification.objects.create(recipient=person(), event="x", subject="x", created_at=ago(11))
    part = pruning.Leftovers(
        "notifications",
        lambda: Notification.objects.filter(created_at__lt=ago(10)),
        lambda rows: sizes.append(rows.count()) or rows.delete()[0],
    )
    assert (part.count(), part.prune()) == (5, 5)
    assert sizes == [2, 2, 1]


def test_a_run_makes_room_for_others_and_asks_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    completed(11)
    before = OrmQ.objects.count()
    monkeypatch.setattr(cleanup, "RUN_SECONDS", -1.0)
    cleanup.run()
    assert JobResult.objects.count() == 1
    assert OrmQ.objects.count() == before + 1
    monkeypatch.setattr(cleanup, "RUN_SECONDS", 10.0)
    cleanup.run()
    assert JobResult.objects.count() == 0
    assert OrmQ.objects.count() == before + 1


def test_it_comes_daily_by_itself_and_once() -> None:
    cleanup.ensure()
    scheduled = Scheduled.objects.get(name=cleanup.NAME)
    assert (scheduled.func, scheduled.schedule_type) == (cleanup.TASK, Scheduled.DAILY)
    assert import_string(scheduled.func) is cleanup.run


def test_it_has_a_name_for_each_part() -> None:
    names = [part.what for part in cleanup.parts()]
    assert len(set(names)) == len(names)
    assert retention.OrphanFiles(timezone.now()).count() == 0
