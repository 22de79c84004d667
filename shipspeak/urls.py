"""Where each address leads."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from jobs.api.endpoint import Nowhere
from shipspeak.asyncapi import asyncapi
from shipspeak.metrics import metrics

urlpatterns = [
    path("", include("shipspeak.accounts.urls")),
    path("", include("shipspeak.pages.urls")),
    path("jobs/", include("jobs.urls")),
    path("schedules/", include("jobs.schedule_urls")),
    path("meetings/", include("shipspeak.meetings.urls")),
    path("ops/", include("jobs.ops.urls")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/asyncapi/", asyncapi, name="asyncapi"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("shipspeak.accounts.api_urls")),
    path("api/v1/", include("jobs.api.urls")),
    path("api/v1/", include("realtime.urls")),
    path("api/v1/", include("notifications.api.urls")),
    re_path("^api/", Nowhere.as_view()),
    path("notifications/", include("notifications.urls")),
    path("metrics", metrics, name="metrics"),
]

handler400 = "shipspeak.pages.errors.bad_request"
handler403 = "shipspeak.pages.errors.permission_denied"
handler404 = "shipspeak.pages.errors.not_found"
handler500 = "shipspeak.pages.errors.server_error"
