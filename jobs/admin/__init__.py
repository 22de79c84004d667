"""The engine in the admin, one subject a file: to look at, requeue and cancel."""

from jobs.admin import housekeeping
from jobs.admin.door import DoorAdmin
from jobs.admin.job import JobAdmin
from jobs.admin.kind_policy import KindPolicyAdmin
from jobs.admin.provider_call import ProviderCallAdmin
from jobs.admin.schedule import ScheduleAdmin
from jobs.admin.step import AttemptAdmin, StepAdmin
from jobs.admin.tier import ShareAdmin, TierAdmin
from jobs.admin.upload import UploadAdmin
from jobs.admin.worker import WorkerAdmin

housekeeping.hide()

__all__ = [
    "AttemptAdmin",
    "DoorAdmin",
    "JobAdmin",
    "KindPolicyAdmin",
    "ProviderCallAdmin",
    "ScheduleAdmin",
    "ShareAdmin",
    "StepAdmin",
    "TierAdmin",
    "UploadAdmin",
    "WorkerAdmin",
]
