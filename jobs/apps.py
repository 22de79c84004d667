from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """The engine. Finds the `kinds.py` of every installed app."""

    name = "jobs"

    def ready(self) -> None:
        from jobs import live, metrics, tokens

        autodiscover_modules("kinds")
        tokens.connect()
        live.register()
        metrics.register()
