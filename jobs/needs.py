"""What jobs wait for: other jobs. Reads rows; `jobs.transitions` acts on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from jobs.errors import BadDependency, DependencyFailed
from jobs.models import Job, JobDependency, JobResult, Step
from jobs.states import ACTIVE, REQUEUEABLE, Status

MOST_NEEDS = 100
"""So many jobs one job may wait for."""
AT_ONCE = 500
"""So many jobs are let go on in one transaction."""
CONTINUE = JobDependency.OnFailure.CONTINUE


@dataclass(frozen=True, slots=True)
class Need:
    """A job to wait for, as asked for: by its id, or by its place (from 0) in the same batch.

    ``on_failure`` says what to do when it fails or is cancelled: "fail" as well, or "continue".
    """

    job: UUID | None = None
    index: int | None = None
    on_failure: str = JobDependency.OnFailure.FAIL


@dataclass(frozen=True, slots=True)
class Needed:
    """A job that another one waits for, as it stands."""

    job_id: UUID
    title: str
    status: str
    on_failure: str

    @property
    def is_over(self) -> bool:
        """Whether it need not be waited for any more."""
        return self.status not in ACTIVE

    @property
    def is_fatal(self) -> bool:
        """Whether the job that waits for it fails with it."""
        return self.status in REQUEUEABLE and self.on_failure != CONTINUE

    def error(self) -> DependencyFailed:
        """Why the job that waits for it can't be done. Only if it `is_fatal`."""
        return DependencyFailed(
            f"This job was to use the result of “{self.title}”, which {self.end}. Get that one done first, "
            "then try this one again."
        )

    @property
    def end(self) -> str:
        """What became of it, as part of a sentence."""
        return "was cancelled" if self.status == Status.CANCELLED else "failed"


def of_jobs(job_ids: Collection[UUID]) -> dict[UUID, list[Needed]]:
    """By job id, the jobs that each of these waits for, in the order of their ids. One query."""
    found: defaultdict[UUID, list[Needed]] = defaultdict(list)
    rows = JobDependency.objects.filter(job_id__in=job_ids).order_by("needed_id")
    fields = ("job_id", "needed_id", "needed__title", "needed__status", "on_failure")
    for job_id, needed_id, title, status, on_failure in rows.values_list(*fields):
        found[job_id].append(Needed(needed_id, title, status, on_failure))
    return dict(found)


def waiting_for(job_ids: Collection[UUID]) -> list[UUID]:
    """Ids of the pending jobs that wait for any of these. One query, which mostly finds nothing."""
    if not job_ids:
        return []
    rows = JobDependency.objects.filter(needed_id__in=job_ids, job__status=Status.PENDING)
    return list(rows.values_list("job_id", flat=True).distinct().order_by("job_id"))


def left_behind() -> list[UUID]:
    """Ids of pending jobs that need wait for no job any more, or fail with one. One query.

    Who ends a job lets those that wait for it go on; these are the ones that nobody came to, because the
    process died between the two, or what they waited for was deleted.
    """
    mine = JobDependency.objects.filter(job_id=OuterRef("pk"))
    waits = Exists(mine.filter(needed__status__in=ACTIVE))
    fails = Exists(fatal().filter(job_id=OuterRef("pk")))
    sleeps = Exists(Step.objects.filter(job_id=OuterRef("pk"), available_at__isnull=False))
    pending = Job.objects.filter(status=Status.PENDING).exclude(depends_on=[])
    found = pending.filter(Q(fails) | (Q(~waits) & Q(~sleeps)))
    return list(found.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def fatal() -> QuerySet[JobDependency]:
    """Who fails with whom: those that need a job that failed or was cancelled, and can't do without it."""
    return JobDependency.objects.filter(needed__status__in=REQUEUEABLE).exclude(on_failure=CONTINUE)


def results(jobs: Iterable[Job]) -> dict[UUID, dict[UUID, Any]]:
    """By job id, the results of the jobs that each of ``jobs`` waited for. No query if none did."""
    wanted = {job.pk: [UUID(one) for one in job.depends_on] for job in jobs if job.depends_on}
    ids = {needed for needs in wanted.values() for needed in needs}
    if not ids:
        return {}
    data = dict(JobResult.objects.filter(job_id__in=ids).values_list("job_id", "content__data"))
    return {job_id: {one: data.get(one) for one in needs} for job_id, needs in wanted.items()}


# What is asked for at submit


def check(needs: Sequence[Need]) -> None:
    """Raises `BadDependency` for what is wrong with ``needs`` whoever asks."""
    if len(needs) > MOST_NEEDS:
        raise _refused("depends_on", f"A job can wait for {MOST_NEEDS} jobs at most.")
    for number, need in enumerate(needs):
        path = f"depends_on.{number}"
        if (need.job is None) == (need.index is None):
            raise _refused(path, "Name the job to wait for by its id, or by its index in the same batch.")
        if need.on_failure not in JobDependency.OnFailure.values:
            known = " or ".join(JobDependency.OnFailure.values)
            raise _refused(f"{path}.on_failure", f"“{need.on_failure}” is not known here: say {known}.")


def locked(owner_id: int, asked: Sequence[Sequence[Need]]) -> dict[UUID, Job]:
    """The owner's jobs that are named in ``asked``, locked in the order of their ids. No query if none is.

    Locked, so that none of them ends unnoticed before those that wait for it are written.
    """
    ids = {need.job for needs in asked for need in needs if need.job}
    if not ids:
        return {}
    found = Job.objects.select_for_update().filter(owner_id=owner_id, pk__in=ids).order_by("pk")
    return {job.pk: job for job in found.only("pk", "title", "status")}


def rows(
    jobs: Sequence[Job], asked: Sequence[Sequence[Need]], known: Mapping[UUID, Job]
) -> list[JobDependency]:
    """The rows of new ``jobs``, and in each of these ``depends_on``. Nothing is written.

    Args:
        jobs: not yet written.
        asked: what each of them waits for.
        known: see `locked`.

    Raises:
        BadDependency: for a job that is not the owner's, has failed already, or comes later in the batch.
    """
    made: list[JobDependency] = []
    for place, (job, needs) in enumerate(zip(jobs, asked, strict=True)):
        found: dict[UUID, JobDependency] = {}
        for number, need in enumerate(needs):
            path = f"depends_on.{number}" if job.batch is None else f"jobs.{place}.depends_on.{number}"
            needed = _found(need, place, jobs, known, path)
            found[needed.pk] = JobDependency(job=job, needed_id=needed.pk, on_failure=need.on_failure)
        job.depends_on = [str(pk) for pk in found]
        made.extend(found.values())
    return made


def _found(need: Need, place: int, jobs: Sequence[Job], known: Mapping[UUID, Job], path: str) -> Job:
    if need.index is not None:
        if not 0 <= need.index < place:
            raise _refused(path, "A job can only wait for one that comes before it in the same batch.")
        return jobs[need.index]
    job = known.get(need.job) if need.job else None
    if job is None:
        raise _refused(path, f"There is no job {need.job} of yours to wait for.")
    if job.status in REQUEUEABLE and need.on_failure != CONTINUE:
        end = "was cancelled" if job.status == Status.CANCELLED else "failed"
        raise _refused(
            path, f"“{job.title}” {end}, so a job that waits for it would fail. Try that one again first."
        )
    return job


def _refused(path: str, message: str) -> BadDependency:
    return BadDependency(message, errors=[{"path": path, "message": message}])
