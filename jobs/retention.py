"""How long results, files, calls and the rest of the engine are kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from jobs.api.idempotency import KEPT
from jobs.models import (
    IdempotentRequest,
    Job,
    JobDependency,
    JobResult,
    ProviderCall,
    ResultContent,
    ResumableUpload,
    Schedule,
    Step,
    Upload,
    Worker,
)
from jobs.states import ACTIVE, TERMINAL, Status
from realtime.pruning import AT_ONCE, Leftovers, Prunable, older_than

ANSWERS_KEPT = timedelta(days=1)
"""How long what providers answered is kept after its job is completed, for which it is asked no more."""
WORKERS_KEPT = timedelta(days=30)
ORPHANS_KEPT = timedelta(days=1)
"""A file is there a moment before its row; after so long without one nobody is going to write it."""


def leftovers(now: datetime) -> list[Prunable]:
    """All that the engine keeps no longer."""
    return [*_results(now), *_uploads(now), *_calls(now), *_others(now), OrphanFiles(now)]


def _results(now: datetime) -> Iterator[Prunable]:
    before = older_than(settings.RESULT_RETENTION_DAYS, now)
    if before is None:
        return
    needed = JobDependency.objects.filter(needed=OuterRef("pk"), job__status__in=ACTIVE)
    yield Leftovers(
        f"results older than {settings.RESULT_RETENTION_DAYS} days",
        lambda: JobResult.objects.filter(~Exists(needed), created_at__lt=before),
        _drop_results,
    )


def _drop_results(results: QuerySet[JobResult]) -> int:
    """Deletes results and what led to them. The jobs stay, with their times and their cost."""
    jobs = list(results.values_list("pk", flat=True))
    Step.objects.filter(job_id__in=jobs).update(output=None, item=None)
    ProviderCall.objects.filter(step__job_id__in=jobs).update(answer=None)
    contents = list(results.values_list("content", flat=True))
    results.delete()
    ResultContent.objects.filter(pk__in=contents, results=None).delete()
    return len(jobs)


def _uploads(now: datetime) -> Iterator[Prunable]:
    before = older_than(settings.UPLOAD_RETENTION_DAYS, now)
    if before is None:
        return
    in_use = Job.objects.filter(upload=OuterRef("pk")).exclude(status__in=TERMINAL, finished_at__lt=before)
    repeated = Schedule.objects.filter(upload=OuterRef("pk"))
    yield Leftovers(
        f"files that nobody used for {settings.UPLOAD_RETENTION_DAYS} days",
        lambda: Upload.objects.filter(~Exists(in_use), ~Exists(repeated), created_at__lt=before),
        _drop_uploads,
    )


def _drop_uploads(uploads: QuerySet[Upload]) -> int:
    """Deletes the rows now and the files once that is certain; what a crash leaves is an orphan."""
    files = [upload.file for upload in uploads]
    uploads.delete()
    for file in files:
        transaction.on_commit(partial(file.storage.delete, str(file.name)), robust=True)
    return len(files)


def _calls(now: datetime) -> Iterator[Prunable]:
    done = ProviderCall.objects.exclude(outcome=ProviderCall.Outcome.RUNNING)
    ended = Q(step__job__finished_at__lt=now - ANSWERS_KEPT)
    of_nobody = Q(step=None)
    over = of_nobody | Q(ended, step__job__status__in=TERMINAL)
    yield Leftovers(
        "answers of providers to jobs that are completed",
        lambda: done.filter(of_nobody | Q(ended, step__job__status=Status.COMPLETED), answer__isnull=False),
        lambda calls: ProviderCall.objects.filter(pk__in=calls.values("pk")).update(answer=None),
    )
    before = older_than(settings.CALL_RETENTION_DAYS, now)
    if before:
        yield Leftovers(
            f"calls to providers older than {settings.CALL_RETENTION_DAYS} days",
            lambda: done.filter(over, started_at__lt=before),
        )


def _others(now: datetime) -> Iterator[Prunable]:
    yield Leftovers(
        "answers to requests with an idempotency key",
        lambda: IdempotentRequest.objects.filter(created_at__lt=now - KEPT),
    )
    yield Leftovers("results of jobs that were deleted", lambda: ResultContent.objects.filter(results=None))
    yield Leftovers(
        "uploads in parts that were not finished",
        lambda: ResumableUpload.objects.filter(upload=None, expires_at__lt=now),
    )
    yield Leftovers(
        "workers that ended long ago", lambda: Worker.objects.filter(ended_at__lt=now - WORKERS_KEPT)
    )


@dataclass(frozen=True, slots=True)
class OrphanFiles:
    """Files of uploads that have no row, and what is left of uploads that were cut off."""

    now: datetime
    what: str = "files that belong to nothing"

    def count(self) -> int:
        """See `Prunable`."""
        return sum(1 for _ in self._found())

    def prune(self, ends_at: float | None = None) -> int:
        """See `Prunable`."""
        count = 0
        for path in self._found():
            if ends_at is not None and time.monotonic() >= ends_at:
                break
            path.unlink(missing_ok=True)
            count += 1
        return count

    def _found(self) -> Iterator[Path]:
        place = Path(settings.MEDIA_ROOT)
        old = filter(self._is_old, place.rglob("*"))
        while paths := list(islice(old, AT_ONCE)):
            names = {path.relative_to(place).as_posix(): path for path in paths}
            kept = set(Upload.objects.filter(file__in=names).values_list("file", flat=True))
            yield from (path for name, path in names.items() if name not in kept)
        if settings.FILE_UPLOAD_TEMP_DIR:
            yield from filter(self._is_old, Path(settings.FILE_UPLOAD_TEMP_DIR).glob("tmp*.upload*"))

    def _is_old(self, path: Path) -> bool:
        try:
            changed_at = path.stat().st_mtime
        except FileNotFoundError:
            return False
        return path.is_file() and changed_at < (self.now - ORPHANS_KEPT).timestamp()
