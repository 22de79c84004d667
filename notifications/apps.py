from django.apps import AppConfig
from django.db.models.signals import post_migrate


class NotificationsConfig(AppConfig):
    """What people are told, and over which transports."""

    name = "notifications"

    def ready(self) -> None:
        from notifications import live, schedule

        live.register()
        post_migrate.connect(schedule.ensure, sender=self, dispatch_uid="notifications.schedule")
