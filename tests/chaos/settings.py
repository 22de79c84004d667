"""Settings of the processes of a chaos run."""

from tests.process_settings import *  # noqa: F403
from tests.process_settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
