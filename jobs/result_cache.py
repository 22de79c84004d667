"""Results that can be used again: of the same owner, for the same question to the same models.

Each job keeps the key of what its result depends on. Nothing else is stored, so there is nothing to fall out
of step: a result can be used again as long as it is kept. Jobs that use it share its content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from jobs.kinds import Kind
from jobs.models import Job, JobResult, Upload
from jobs.providers import chain
from jobs.sql import kept
from jobs.states import Status


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier job, and the id of what it came to."""

    job: Job
    content: UUID


def key_of(kind: Kind, asked: dict[str, Any], options: dict[str, Any], upload: Upload | None) -> str:
    """SHA-256 over all that a result depends on, in hexadecimal.

    Args:
        kind: with its version, which is raised when the same input would give another result.
        asked: the validated input, as JSON.
        options: the validated options, as JSON.
        upload: whose content counts, and not its name.
    """
    models = [(one.name, one.model, one.embedding_model) for one in chain.providers()]
    parts = [kind.name, kind.version, asked, options, upload.sha256 if upload else None, models]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def find(owner_id: int, keys: Collection[str]) -> dict[str, Known]:
    """By key, the owner's newest completed job with a result that is whole and still kept; it stays until
    the transaction ends.

    At most two queries, and none without ``keys``. Another person's result is never found.
    """
    newest = {
        key: job for job in _usable(owner_id, keys).order_by("created_at", "pk") for key in [job.cache_key]
    }
    if not newest:
        return {}
    rows = JobResult.objects.filter(job__in=newest.values())
    contents = dict(kept(rows.values_list("job_id", "content_id")))
    return {key: Known(job, contents[job.pk]) for key, job in newest.items() if job.pk in contents}


def is_known(owner_id: int, key: str) -> bool:
    """Whether `find` would find something. One query."""
    return _usable(owner_id, {key}).exists()


def _usable(owner_id: int, keys: Collection[str]) -> QuerySet[Job]:
    keys = {key for key in keys if key}
    if not keys:
        return Job.objects.none()
    jobs = Job.objects.filter(owner_id=owner_id, cache_key__in=keys, status=Status.COMPLETED, degraded=False)
    return jobs.filter(result_row__isnull=False).defer("input", "options")
