"""Every way in which a job, a step or a provider call can fail, as types with a code.

The class docstring is the sentence a person sees when no better message is given. What a person sees
says what happened, why, and what to do; `detail` is for operators only.
"""

from __future__ import annotations

from enum import StrEnum
from inspect import cleandoc


class ErrorClass(StrEnum):
    """What kind of trouble it is, which decides what can be done about it."""

    SERVICE = "service"
    NETWORK = "network"
    RESOURCE = "resource"
    PROCESSING = "processing"
    DATA = "data"


class JobError(Exception):
    """The step could not be done.

    Args:
        message: one or two sentences for the person; the class docstring's first line if empty.
        retry_after: seconds to wait at least before the next attempt, as a provider asked.
        detail: technical detail for operators; never shown to the owner of the job.
    """

    code = "processing_error"
    error_class = ErrorClass.PROCESSING
    retryable = False
    recovery: tuple[str, ...] = ("retry",)

    def __init__(self, message: str = "", *, retry_after: float | None = None, detail: str = "") -> None:
        self.message = message or cleandoc(type(self).__doc__ or "").splitlines()[0]
        self.retry_after = retry_after
        self.detail = detail
        super().__init__(self.message)


class UnexpectedError(JobError):
    """Something went wrong inside ShipSpeak. The operators can see the details; you can try again."""

    code = "unexpected_error"
    retryable = True


class StepTimeout(JobError):
    """The step took longer than it may. It is tried again; a shorter input is quicker."""

    code = "step_timeout"
    error_class = ErrorClass.RESOURCE
    retryable = True
    recovery = ("retry", "edit_input")


class WorkerLost(JobError):
    """The worker that did this step died each time. An operator can see which attempts and when."""

    code = "worker_lost"
    error_class = ErrorClass.RESOURCE
    retryable = True


class InvalidData(JobError):
    """The input can't be used. Change it and submit it again."""

    code = "invalid_data"
    error_class = ErrorClass.DATA
    recovery = ("edit_input",)


class InvalidOutput(JobError):
    """The answer did not have the form that was asked for, also after asking again."""

    code = "invalid_output"
    error_class = ErrorClass.PROCESSING
    retryable = True


class ProviderError(JobError):
    """The AI service answered with an error. It is tried again by itself."""

    code = "provider_error"
    error_class = ErrorClass.SERVICE
    retryable = True
    free = False
    """Whether it is certain that the service charges nothing for it, unless `told` says more."""
    told: object = None
    """What the service said of itself besides: a `jobs.providers.contract.Told`."""


class ProviderClosed(ProviderError):
    """The AI service has failed again and again, so it is not asked for a while."""

    code = "provider_closed"
    retryable = False
    free = True


class ProviderUnavailable(ProviderError):
    """The AI service has trouble of its own just now. It is tried again by itself."""

    code = "provider_unavailable"
    free = True


class ProviderRateLimited(ProviderError):
    """The AI service asks us to slow down. The step goes on as soon as it may."""

    code = "provider_rate_limited"
    free = True


class ProviderUnreachable(ProviderError):
    """The AI service can't be reached: the network or its address is at fault."""

    code = "provider_unreachable"
    error_class = ErrorClass.NETWORK


class ProviderTimeout(ProviderError):
    """The AI service did not answer in time."""

    code = "provider_timeout"
    error_class = ErrorClass.NETWORK


class ProviderAuthError(ProviderError):
    """The AI service refuses our key. An operator must set OPENAI_API_KEY to a valid one."""

    code = "provider_auth"
    free = True
    retryable = False
    recovery = ("contact_operator", "retry")


class ProviderMisconfigured(ProviderError):
    """The AI service has no such model or address. An operator must check OPENAI_MODEL, OPENAI_BASE_URL."""

    code = "provider_misconfigured"
    free = True
    retryable = False
    recovery = ("contact_operator", "retry")


class ProviderQuotaExceeded(ProviderError):
    """The account at the AI service has no credit left. An operator must top it up."""

    code = "provider_quota"
    free = True
    error_class = ErrorClass.RESOURCE
    retryable = False
    recovery = ("contact_operator", "retry")


class ProviderRejected(ProviderError):
    """The AI service refuses this request: it is too long, or not allowed there."""

    code = "provider_rejected"
    free = True
    error_class = ErrorClass.DATA
    retryable = False
    recovery = ("edit_input",)


class NotOffered(ProviderError):
    """This work can't be done offline. Set OPENAI_API_KEY or OPENAI_BASE_URL to use an AI service."""

    code = "not_offered"
    error_class = ErrorClass.RESOURCE
    retryable = False
    recovery = ("contact_operator",)


class SubmitError(JobError):
    """The job can't be accepted.

    Raised before anything is created. ``status`` is the HTTP status it answers with; ``errors`` lists
    ``{"path": ..., "message": ...}`` for each field at fault; ``extra`` holds more for programs, which
    stands beside the code in the answer.
    """

    code = "bad_input"
    error_class = ErrorClass.DATA
    status = 400

    def __init__(
        self,
        message: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        retry_after: float | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.errors = errors or []
        self.extra = extra or {}


class UnknownKind(SubmitError):
    """There is no such kind of job. `GET /api/v1/kinds/` lists those there are."""

    code = "unknown_kind"


class UnknownError(SubmitError):
    """There is no error with this code. The page of errors in the documentation lists those there are."""

    code = "unknown_error"


class BadOptions(SubmitError):
    """An option is not one that this kind has, or its value is not allowed."""

    code = "bad_options"


class BadDependency(SubmitError):
    """A job can wait for jobs of the same person that are not over, or come before it in the same batch."""

    code = "bad_dependency"


class BadSchedule(SubmitError):
    """The schedule can't be used: its cron expression, its time zone or what it submits is at fault."""

    code = "bad_schedule"


class QueueFull(SubmitError):
    """The queue is full. Try again a little later."""

    code = "queue_full"
    error_class = ErrorClass.RESOURCE
    status = 429


class TooManyJobs(SubmitError):
    """You have as many jobs waiting as one person may. Try again when some are done."""

    code = "too_many_jobs"
    error_class = ErrorClass.RESOURCE
    status = 429


class Paused(SubmitError):
    """An operator has paused this, and no new jobs are taken. Try again later; nothing was started."""

    code = "paused"
    error_class = ErrorClass.RESOURCE
    status = 409
    recovery = ("wait", "contact_operator")


class TooManySchedules(SubmitError):
    """You have as many schedules as one person may. Delete one that you no longer need."""

    code = "too_many_schedules"
    error_class = ErrorClass.RESOURCE
    status = 409


class BudgetExceeded(SubmitError):
    """This would cost more than is left of today's budget. Try again when it renews."""

    code = "budget_exceeded"
    error_class = ErrorClass.RESOURCE
    status = 402
    recovery = ("wait", "contact_operator")


class PriceUnknown(JobError):
    """There is a budget, but the model's price is not known. An operator must set MODEL_PRICES."""

    code = "price_unknown"
    error_class = ErrorClass.RESOURCE
    recovery = ("contact_operator", "retry")


class DependencyFailed(JobError):
    """Something that this had to wait for could not be done, so this could not be done either."""

    code = "dependency_failed"


class ResultPruned(JobError):
    """The result of this job was deleted when its time was over. Submit the job again to get it anew."""

    code = "result_pruned"
    status = 410


class NotAllowedNow(JobError):
    """The job's status does not allow this."""

    code = "not_allowed_now"
    status = 409


class DatabaseAway(JobError):
    """The database does not answer just now. Nothing that was submitted is lost; try again in a moment."""

    code = "database_away"
    error_class = ErrorClass.NETWORK
    status = 503


def codes(error: type[JobError] = JobError) -> set[str]:
    """The codes of ``error`` and of all that are narrower."""
    return {error.code}.union(*(codes(narrower) for narrower in error.__subclasses__()))
