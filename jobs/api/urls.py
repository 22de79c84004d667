"""The addresses under ``/api/v1/``."""

from django.urls import path

from jobs.api.views import job, jobs, kinds, queue, resumable, schedules, status, uploads

urlpatterns = [
    path("kinds/", kinds.Kinds.as_view(), name="api-kinds"),
    path("uploads/", uploads.Uploads.as_view(), name="api-uploads"),
    path("uploads/resumable/", resumable.ResumableUploads.as_view(), name="api-uploads-in-parts"),
    path(
        "uploads/resumable/<uuid:upload_id>/",
        resumable.OneResumableUpload.as_view(),
        name="api-upload-in-parts",
    ),
    path("jobs/", jobs.Jobs.as_view(), name="api-jobs"),
    path("jobs/batch/", jobs.Batch.as_view(), name="api-jobs-batch"),
    path("jobs/estimate/", jobs.Estimate.as_view(), name="api-jobs-estimate"),
    path("jobs/<uuid:job_id>/", job.OneJob.as_view(), name="api-job"),
    path("jobs/<uuid:job_id>/result/", job.Result.as_view(), name="api-job-result"),
    path("jobs/<uuid:job_id>/export.<str:form>", job.Export.as_view(), name="api-job-export"),
    path("jobs/<uuid:job_id>/cancel/", job.Cancel.as_view(), name="api-job-cancel"),
    path("jobs/<uuid:job_id>/retry/", job.Retry.as_view(), name="api-job-retry"),
    path("jobs/<uuid:job_id>/priority/", job.SetPriority.as_view(), name="api-job-priority"),
    path("queue/", queue.Queue.as_view(), name="api-queue"),
    path("queue/pause/", queue.Pause.as_view(), name="api-queue-pause"),
    path("queue/resume/", queue.Resume.as_view(), name="api-queue-resume"),
    path("queue/requeue/", queue.Requeue.as_view(), name="api-queue-requeue"),
    path("schedules/", schedules.Schedules.as_view(), name="api-schedules"),
    path("schedules/<uuid:schedule_id>/", schedules.OneSchedule.as_view(), name="api-schedule"),
    path("status/", status.Status.as_view(), name="api-status"),
]
