from django.apps import AppConfig


class ShipSpeakConfig(AppConfig):
    """The project: its commands and its checks."""

    name = "shipspeak"
    label = "shipspeak"

    def ready(self) -> None:
        from shipspeak import checks  # noqa: F401 - importing it registers them
