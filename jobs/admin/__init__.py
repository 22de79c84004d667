"""The engine in the admin, one subject a file: to look at, requeue and cancel."""

from jobs.admin.job import JobAdmin
from jobs.admin.step import AttemptAdmin, ProviderCallAdmin, StepAdmin
from jobs.admin.upload import UploadAdmin
from jobs.admin.worker import WorkerAdmin

__all__ = ["AttemptAdmin", "JobAdmin", "ProviderCallAdmin", "StepAdmin", "UploadAdmin", "WorkerAdmin"]
