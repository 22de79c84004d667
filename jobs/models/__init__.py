"""The engine's tables, one model a file."""

from jobs.models.attempt import Attempt
from jobs.models.door import Door
from jobs.models.idempotent_request import IdempotentRequest
from jobs.models.job import Job
from jobs.models.job_dependency import JobDependency
from jobs.models.kind_policy import KindPolicy
from jobs.models.provider_call import ProviderCall
from jobs.models.result import JobResult, ResultContent
from jobs.models.resumable_upload import ResumableUpload
from jobs.models.schedule import Schedule
from jobs.models.share import QueueClock, Share
from jobs.models.step import Step
from jobs.models.tally import Tally, TallyMark
from jobs.models.tier import Tier
from jobs.models.upload import Upload
from jobs.models.worker import Worker

__all__ = [
    "Attempt",
    "Door",
    "IdempotentRequest",
    "Job",
    "JobDependency",
    "JobResult",
    "KindPolicy",
    "ProviderCall",
    "QueueClock",
    "ResultContent",
    "ResumableUpload",
    "Schedule",
    "Share",
    "Step",
    "Tally",
    "TallyMark",
    "Tier",
    "Upload",
    "Worker",
]
