from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The pages that belong to no feature: dashboard, settings, errors; and what all pages are drawn with."""

    name = "shipspeak.pages"
    label = "pages"
