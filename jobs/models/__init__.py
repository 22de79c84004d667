"""The engine's tables, one model a file."""

from jobs.models.attempt import Attempt
from jobs.models.idempotent_request import IdempotentRequest
from jobs.models.job import Job
from jobs.models.provider_call import ProviderCall
from jobs.models.result import JobResult
from jobs.models.share import QueueClock, Share
from jobs.models.step import Step
from jobs.models.upload import Upload
from jobs.models.worker import Worker

__all__ = [
    "Attempt",
    "IdempotentRequest",
    "Job",
    "JobResult",
    "ProviderCall",
    "QueueClock",
    "Share",
    "Step",
    "Upload",
    "Worker",
]
