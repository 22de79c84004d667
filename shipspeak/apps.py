from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ShipSpeakConfig(AppConfig):
    """The project: its commands and its checks."""

    name = "shipspeak"
    label = "shipspeak"

    def ready(self) -> None:
        from shipspeak import checks, cleanup  # noqa: F401 - importing the checks registers them

        post_migrate.connect(cleanup.ensure, sender=self, dispatch_uid="shipspeak.cleanup")
