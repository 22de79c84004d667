from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Streams, events, and their delivery."""

    name = "realtime"

    def ready(self) -> None:
        from django.core.checks import register

        from realtime import checks, sign_out

        register(checks.doorbell_can_be_rung)
        register(checks.authenticate_can_be_imported)
        sign_out.connect()
