from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "shipspeak.meetings"
    label = "meetings"
